package triage.perf.live;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// Runs a [LoadGenerator] from a command line.
///
/// ```
/// --port N            of the server on 127.0.0.1
/// --path PATH         of the requests
/// --analysis MODEL    sends inferences for that model as analyses for later, in place of a path
/// --token-file FILE   the token that callers show; none is shown without it
/// --ca-file FILE      the certificates to believe, in PEM: the server speaks TLS; in the clear
///                     without it
/// --class SPEC        one or more: name=critical,rate=40,urgency=0,timeout-ms=500,grace-ms=250,
///                     path=PATH (in place of that of all),
///                     body-bytes=1024 (1: the smallest inference, 0: no body at all);
///                     `callers=16` in place of a rate makes a closed loop
/// --warm-up SECONDS   (0), --sections SECONDS[,SECONDS]... (10)
/// --seed N            (1), --connections N (4000)
/// --piece-micros N    (500): how long it sleeps at least when something is due; less is more exact
///                     and costs more
/// ```
///
/// Prints JSON lines: the first says when the run begins, by the machine's monotonic clock, so that
/// others can act at a second of the run; the results follow at its end. Ends with 0; with 3 when
/// the run is void, since the generator itself was late; with 2 for a bad argument.
///
/// **Threads**: one.
public final class LoadCommand {
  private static final Set<String> OPTIONS =
      Set.of(
          "port",
          "path",
          "analysis",
          "token-file",
          "ca-file",
          "class",
          "warm-up",
          "sections",
          "seed",
          "connections",
          "piece-micros");
  private static final Set<String> CLASS_OPTIONS =
      Set.of("name", "path", "rate", "callers", "urgency", "timeout-ms", "grace-ms", "body-bytes");
  private static final int VOID = 3;
  private static final int USAGE = 2;
  private static final long HEAD_START_NANOS = 100_000_000;
  private static final long MICROSECOND_NANOS = 1_000;
  private static final double MILLISECOND_NANOS = 1e6;

  private LoadCommand() {}

  /// Runs one plan.
  ///
  /// @throws IOException if the token cannot be read, or there are no sockets
  public static void main(String[] arguments) throws IOException {
    Plan plan;
    try {
      plan = plan(arguments);
    } catch (IllegalArgumentException e) {
      System.err.println("load: " + e.getMessage());
      System.exit(USAGE);
      return;
    }
    System.exit(run(plan).isVoid() ? VOID : 0);
  }

  /// Runs a plan and prints its lines.
  static Tally run(Plan plan) throws IOException {
    LoadGenerator generator = new LoadGenerator(plan);
    long startNanos = System.nanoTime() + HEAD_START_NANOS;
    System.out.println(new JsonLine("start").put("monotonicNanos", startNanos));
    Tally tally = generator.run(startNanos);
    LoadReport.lines(tally).forEach(System.out::println);
    return tally;
  }

  /// Reads a plan from the words of a command line.
  ///
  /// @throws IOException if the token cannot be read
  static Plan plan(String[] arguments) throws IOException {
    Options options = Options.ofArguments(arguments, OPTIONS);
    String tokenFile = options.text("token-file", "");
    String token = tokenFile.isEmpty() ? "" : Files.readString(Path.of(tokenFile)).strip();
    List<Traffic> classes = options.all("class").stream().map(LoadCommand::traffic).toList();
    return new Plan(
        new InetSocketAddress("127.0.0.1", options.count("port", 0)),
        options.text("path", "/"),
        options.text("analysis", ""),
        token,
        options.text("ca-file", ""),
        classes,
        options.whole("seed", 1),
        options.count("warm-up", 0),
        options.counts("sections", "10"),
        options.count("connections", 4000),
        options.whole("piece-micros", 500) * MICROSECOND_NANOS);
  }

  private static Traffic traffic(String text) {
    Options options = Options.ofPairs(text, ",", CLASS_OPTIONS);
    return new Traffic(
        options.text("name", "all"),
        options.text("path", ""),
        options.number("rate", 0),
        options.count("callers", 0),
        options.count("urgency", 3),
        (long) (options.number("timeout-ms", 10_000) * MILLISECOND_NANOS),
        (long) (options.number("grace-ms", 250) * MILLISECOND_NANOS),
        options.count("body-bytes", 1));
  }
}
