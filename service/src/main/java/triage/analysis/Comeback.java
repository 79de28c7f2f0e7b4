package triage.analysis;

import java.util.Map;
import triage.gateway.ModelCall;
import triage.gateway.RetryAfter;
import triage.gateway.Target;

/// When it is likely to be worth asking for jobs that were accepted: once their models have worked
/// off what waits for them, by the last count of the store and the pace of their backends.
///
/// **Threads**: safe for use by several threads.
final class Comeback {
  private final JobBook book;
  private final ModelCall models;
  private final RetryAfter retryAfter;

  Comeback(JobBook book, ModelCall models, RetryAfter retryAfter) {
    this.book = book;
    this.models = models;
    this.retryAfter = retryAfter;
  }

  /// Gives the value of a Retry-After header for one job, in seconds.
  long seconds(String model, String version) {
    return seconds(Map.of(new JobCensus.Version(model, version), 1L));
  }

  /// Gives the value of a Retry-After header for many jobs, in seconds: when the last of them is
  /// likely to be done.
  ///
  /// @param brought how many of them have just come, by what they wait for, which the last count
  ///     may not have seen; where none has, all that waits is taken for them
  long seconds(Map<JobCensus.Version, Long> brought) {
    JobCensus census = book.census();
    Map<JobCensus.Version, Long> counted = census == null ? Map.of() : census.waitingByVersion();
    return retryAfter.seconds(
        (brought.isEmpty() ? counted : brought)
            .entrySet().stream()
                .mapToLong(wanted ->
                    workOffNanos(
                        wanted.getKey(),
                        Math.max(wanted.getValue(), counted.getOrDefault(wanted.getKey(), 0L))))
                .max()
                .orElse(0));
  }

  private long workOffNanos(JobCensus.Version wanted, long waiting) {
    return models
        .find(wanted.model(), wanted.version())
        .map(target -> target.workOffNanos(waiting))
        .orElse(Target.UNSERVED_NANOS);
  }
}
