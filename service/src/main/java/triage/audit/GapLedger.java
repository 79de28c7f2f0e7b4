package triage.audit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// Counts what the trail could not keep, until there is room to say so.
///
/// **Threads**: safe for use by several threads.
final class GapLedger {
  /// What is missing for one cause.
  record Gap(GapCause cause, Instant from, Instant to, long n) {}

  @GuardedBy("this")
  private final Map<GapCause, Gap> open = new EnumMap<>(GapCause.class);

  @GuardedBy("this")
  private long counted;

  /// Counts what is missing.
  ///
  /// @param at when it happened; the gap reaches over all such times
  synchronized void count(GapCause cause, Instant at, long n) {
    add(new Gap(cause, at, at, n));
    counted += n;
  }

  /// Takes back a gap that there was no room to write after all.
  synchronized void putBack(Gap gap) {
    add(gap);
  }

  /// Gives the gaps, and begins anew.
  synchronized List<Gap> take() {
    List<Gap> gaps = new ArrayList<>(open.values());
    open.clear();
    return gaps;
  }

  /// Gives how much was ever missing.
  synchronized long counted() {
    return counted;
  }

  @GuardedBy("this")
  private void add(Gap gap) {
    open.merge(
        gap.cause(),
        gap,
        (a, b) ->
            new Gap(
                a.cause(),
                a.from().isBefore(b.from()) ? a.from() : b.from(),
                a.to().isAfter(b.to()) ? a.to() : b.to(),
                a.n() + b.n()));
  }
}
