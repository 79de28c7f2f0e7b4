package triage.app;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Collector;
import java.util.stream.Collectors;
import triage.admission.Criticality;
import triage.identity.Caller;
import triage.identity.Role;
import triage.identity.TokenIssuer;
import triage.identity.TokenSecret;

/// `token`: signs a token for a caller. The token alone goes to stdout, so that a script can take
/// it; what it says goes to stderr.
///
/// **Threads**: confined to the main thread.
final class TokenCommand implements Command {
  private static final String CALLER = "--caller";
  private static final String CEILING = "--ceiling";
  private static final String STUDY = "--study";
  private static final String ROLE = "--role";
  private static final String TTL = "--ttl";

  private static final Set<Role> ROLES_DEFAULT = EnumSet.of(Role.REQUEST, Role.READ);
  private static final Duration TTL_DEFAULT = Duration.ofHours(1);
  private static final Duration TTL_MIN = Duration.ofSeconds(1);
  private static final Collector<CharSequence, ?, String> COMMAS = Collectors.joining(",");

  private final PrintStream out;
  private final PrintStream err;
  private final InstantSource clock;
  private final RandomGenerator random;

  TokenCommand(PrintStream out, PrintStream err, InstantSource clock, RandomGenerator random) {
    this.out = out;
    this.err = err;
    this.clock = clock;
    this.random = random;
  }

  @Override
  public String name() {
    return "token";
  }

  @Override
  public String synopsis() {
    return "FILE --caller NAME [--ceiling CRITICALITY] [--study ID]... [--role ROLE]..."
        + " [--ttl PT1H]";
  }

  @Override
  public String summary() {
    return "prints a signed token for a caller";
  }

  @Override
  public void run(List<String> words) {
    Arguments arguments = Arguments.of(words, Set.of(CALLER, CEILING, STUDY, ROLE, TTL));
    Path file = arguments.file();
    Caller caller = caller(arguments);
    Settings settings = SettingsLoader.load(file);
    requireLifeAllowed(file, settings, arguments);

    Path secretFile = settings.identity().secretFile(settings.data(), SettingsLoader.folder(file));
    boolean made = !Files.exists(secretFile);
    TokenSecret secret = TokenSecret.readOrMake(secretFile);
    if (made) {
      say("made " + secretFile + ", the secret that signs and verifies tokens");
    }
    say(described(caller, arguments));
    out.println(new TokenIssuer(secret, settings.identity(), clock, random).issue(caller));
  }

  private Caller caller(Arguments arguments) {
    String name =
        arguments
            .once(CALLER)
            .orElseThrow(() -> new UsageException(CALLER + ": missing (expected: a name)"));
    Set<String> studies = Set.copyOf(arguments.all(STUDY));
    Set<Role> roles =
        arguments.all(ROLE).stream().map(TokenCommand::role).collect(Collectors.toSet());
    try {
      return new Caller(
          name,
          arguments.once(CEILING).map(TokenCommand::criticality).orElse(Criticality.CRITICAL),
          studies.isEmpty() ? Caller.ALL_STUDIES : studies,
          roles.isEmpty() ? ROLES_DEFAULT : roles,
          clock.instant().plus(ttl(arguments)).truncatedTo(ChronoUnit.SECONDS));
    } catch (IllegalArgumentException e) {
      throw new UsageException("--" + e.getMessage());
    }
  }

  private static Duration ttl(Arguments arguments) {
    return arguments.once(TTL).map(TokenCommand::duration).orElse(TTL_DEFAULT);
  }

  private static void requireLifeAllowed(Path file, Settings settings, Arguments arguments) {
    Duration ttl = ttl(arguments);
    Duration max = settings.identity().tokenLifetimeMax();
    if (ttl.compareTo(max) > 0) {
      throw new UsageException(
          TTL
              + ": "
              + Amounts.written(ttl)
              + " (expected: at most "
              + Amounts.written(max)
              + ", identity.tokenLifetimeMax in "
              + file
              + ")");
    }
  }

  private static Criticality criticality(String text) {
    return Arrays.stream(Criticality.values())
        .filter(criticality -> criticality.name().equals(text))
        .findFirst()
        .orElseThrow(() -> unexpected(CEILING, text, names(Criticality.values(), Enum::name)));
  }

  private static Role role(String text) {
    return Role.ofWire(text)
        .orElseThrow(() -> unexpected(ROLE, text, names(Role.values(), Role::wire)));
  }

  private static Duration duration(String text) {
    return Amounts.duration(text)
        .filter(ttl -> ttl.compareTo(TTL_MIN) >= 0)
        .orElseThrow(() -> unexpected(TTL, text, Amounts.DURATION_RULE + ", at least 1s"));
  }

  private static <T> String names(T[] values, Function<T, String> name) {
    return Arrays.stream(values).map(name).collect(Collectors.joining(", ", "one of ", ""));
  }

  private static UsageException unexpected(String option, String value, String rule) {
    return new UsageException(option + ": \"" + value + "\" (expected: " + rule + ")");
  }

  /// Says what the token holds, and what of it nobody asked for.
  private static String described(Caller caller, Arguments arguments) {
    String roles = caller.roles().stream().sorted().map(Role::wire).collect(COMMAS);
    String studies = caller.studies().stream().sorted().collect(COMMAS);
    return "caller="
        + caller.name()
        + told(" ceiling=", caller.ceiling().name(), arguments, CEILING)
        + told(" roles=", roles, arguments, ROLE)
        + told(" studies=", studies, arguments, STUDY)
        + told(" ttl=", Amounts.written(ttl(arguments)), arguments, TTL)
        + " until="
        + caller.expiry();
  }

  private static String told(String key, String value, Arguments arguments, String option) {
    return key + value + (arguments.all(option).isEmpty() ? " (default)" : "");
  }

  private void say(String line) {
    err.println("triage: " + line);
  }
}
