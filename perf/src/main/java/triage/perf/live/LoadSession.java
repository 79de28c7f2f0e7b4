package triage.perf.live;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/// Runs one [LoadGenerator] after another in one process, which is then warm: each line on stdin
/// holds the words of a [LoadCommand], parted by spaces.
///
/// Prints for each what [LoadCommand] prints; the line of the run, the last one, says whether it is
/// void. Ends with 0 at the end of its input; with 2 at a bad argument.
///
/// **Threads**: one.
public final class LoadSession {
  private static final int USAGE = 2;

  private LoadSession() {}

  /// Runs what it is told.
  ///
  /// @throws IOException if a token cannot be read, or there are no sockets
  public static void main(String[] arguments) throws IOException {
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      try {
        LoadCommand.run(LoadCommand.plan(line.split(" ")));
      } catch (IllegalArgumentException e) {
        System.err.println("load: " + e.getMessage());
        System.exit(USAGE);
      }
    }
  }
}
