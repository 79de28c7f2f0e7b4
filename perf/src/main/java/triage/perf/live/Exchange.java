package triage.perf.live;

import org.jspecify.annotations.Nullable;

/// One request under way. Used again and again, so that a run makes next to no garbage.
///
/// **Threads**: confined to the generator's thread.
final class Exchange {
  /// The number of its class.
  int number;

  /// When it was meant to be sent.
  long intendedNanos;

  /// Where it was sent; none once it has ended.
  @Nullable Connection connection;
}
