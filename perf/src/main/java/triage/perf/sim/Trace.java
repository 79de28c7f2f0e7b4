package triage.perf.sim;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import triage.simulation.Arrivals;
import triage.simulation.Workload.Draw;

/// Recorded arrivals with their tokens, in order of time.
///
/// **Threads**: immutable.
final class Trace {
  private static final double SECOND = 1e9;
  private static final double SECONDS_PER_PROMPT_TOKEN = .000_2;
  private static final double SECONDS_PER_ANSWER_TOKEN = .02;

  private final long[] atNanos;
  private final double[] seconds;

  /// Makes a trace.
  ///
  /// @param atNanos when each arrived, strictly ascending
  /// @param seconds how much work each is
  Trace(long[] atNanos, double[] seconds) {
    this.atNanos = atNanos;
    this.seconds = seconds;
  }

  /// Reads a file with a line of titles, then lines of time, tokens of the prompt and tokens of the
  /// answer. A time is a date with a time of day, or a number of milliseconds.
  ///
  /// @throws IllegalArgumentException naming the file, if it does not look like that
  static Trace read(Path file) {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      return of(reader.lines().skip(1).toList());
    } catch (IOException e) {
      throw new UncheckedIOException("trace " + file, e);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          "trace " + file + " (expected: time, prompt tokens, answer tokens)", e);
    }
  }

  /// Gives the trace of some lines; it begins at the first nanosecond.
  static Trace of(List<String> lines) {
    long[] atNanos = new long[lines.size()];
    double[] seconds = new double[lines.size()];
    for (int i = 0; i < atNanos.length; i++) {
      String[] fields = lines.get(i).strip().split(",");
      long nanos = nanos(fields[0]);
      atNanos[i] = i == 0 ? nanos : Math.max(nanos, atNanos[i - 1] + 1);
      seconds[i] =
          SECONDS_PER_PROMPT_TOKEN * Integer.parseInt(fields[1])
              + SECONDS_PER_ANSWER_TOKEN * Integer.parseInt(fields[2]);
    }
    long first = atNanos[0];
    return new Trace(Arrays.stream(atNanos).map(nanos -> nanos - first + 1).toArray(), seconds);
  }

  private static long nanos(String time) {
    return time.contains(":")
        ? Duration.between(
                LocalDateTime.of(2000, 1, 1, 0, 0), LocalDateTime.parse(time.replace(' ', 'T')))
            .toNanos()
        : 1_000_000 * Long.parseLong(time);
  }

  /// Gives the same work in a fraction of the time.
  Trace compressed(int factor) {
    long[] sooner = Arrays.stream(atNanos).map(nanos -> 1 + (nanos - 1) / factor).toArray();
    for (int i = 1; i < sooner.length; i++) {
      sooner[i] = Math.max(sooner[i], sooner[i - 1] + 1);
    }
    return new Trace(sooner, seconds);
  }

  Arrivals arrivals() {
    return Arrivals.recorded(atNanos);
  }

  /// Gives each arrival the work that is recorded for its moment.
  Draw work() {
    return (chance, at) -> {
      int found = Arrays.binarySearch(atNanos, Math.round(at * SECOND));
      if (found < 0) {
        throw new IllegalStateException("no arrival was recorded at " + at + " s");
      }
      return seconds[found];
    };
  }

  int arrivalCount() {
    return atNanos.length;
  }

  double meanSeconds() {
    return Arrays.stream(seconds).average().orElse(0);
  }

  double endSeconds() {
    return atNanos[atNanos.length - 1] / SECOND;
  }
}
