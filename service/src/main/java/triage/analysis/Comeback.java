package triage.analysis;

import triage.gateway.ModelCall;
import triage.gateway.RetryAfter;
import triage.gateway.Target;

/// When it is likely to be worth asking for a job that was accepted: once its model has worked off
/// what waits for it, by the last count of the store and the pace of its backends.
///
/// **Threads**: safe for use by several threads.
final class Comeback {
  private static final long UNSERVED_NANOS = 60_000_000_000L;

  private final JobBook book;
  private final ModelCall models;
  private final RetryAfter retryAfter;

  Comeback(JobBook book, ModelCall models, RetryAfter retryAfter) {
    this.book = book;
    this.models = models;
    this.retryAfter = retryAfter;
  }

  /// Gives the value of a Retry-After header, in seconds.
  long seconds(String model, String version) {
    JobCensus census = book.census();
    JobCensus.Version wanted = new JobCensus.Version(model, version);
    long waiting = census == null ? 0 : census.waitingByVersion().getOrDefault(wanted, 0L);
    return retryAfter.seconds(
        models
            .find(model, version)
            .map((Target target) -> target.workOffNanos(waiting))
            .orElse(UNSERVED_NANOS));
  }
}
