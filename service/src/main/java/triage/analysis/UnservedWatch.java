package triage.analysis;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.gateway.ModelCall;

/// Looks at each census for jobs that wait for a version that is not served here, and says so once
/// for each version: nobody but an operator can help them.
///
/// **Threads**: [#look] is called by one thread; the number may be read by any.
final class UnservedWatch {
  private static final Logger LOG = LoggerFactory.getLogger(UnservedWatch.class);

  private final ModelCall models;
  private final Set<JobCensus.Version> known = new HashSet<>();
  private volatile long jobs;

  UnservedWatch(ModelCall models) {
    this.models = models;
  }

  /// Looks at what was counted.
  void look(JobCensus census) {
    long unserved = 0;
    Set<JobCensus.Version> now = new HashSet<>();
    for (Map.Entry<JobCensus.Version, Long> waiting : census.waitingByVersion().entrySet()) {
      JobCensus.Version version = waiting.getKey();
      if (models.find(version.model(), version.version()).isEmpty()) {
        unserved += waiting.getValue();
        now.add(version);
        if (known.add(version)) {
          LOG.warn(
              "event=jobs-unserved model={} version={} jobs={}",
              version.model(),
              version.version(),
              waiting.getValue());
        }
      }
    }
    known.retainAll(now);
    jobs = unserved;
  }

  /// Gives how many jobs wait in vain, as far as this instance can tell.
  long jobs() {
    return jobs;
  }
}
