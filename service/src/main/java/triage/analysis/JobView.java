package triage.analysis;

import triage.gateway.ModelCall;
import triage.identity.Caller;

/// A job as callers see it: who may, and what is said of it beside what the store has.
///
/// **Threads**: immutable.
final class JobView {
  /// Why a job waits that nobody here can work on.
  static final String NOT_SERVED = "version-not-served";

  private final ModelCall models;

  JobView(ModelCall models) {
    this.models = models;
  }

  /// Tells whether a job is there for a caller.
  boolean isFor(Caller caller, Job job) {
    String study = job.submission().study();
    return job.caller().equals(caller.name()) && isFor(caller, study == null ? "" : study);
  }

  /// Tells whether a caller may know of its jobs in a study.
  ///
  /// @param study empty for jobs without one
  boolean isFor(Caller caller, String study) {
    return study.isEmpty() || caller.maySee(study);
  }

  /// Tells whether a job waits for a version of its model that is not served here.
  boolean isUnserved(Job job) {
    return job.state() == JobState.WAITING
        && models.find(job.submission().model(), job.submission().version()).isEmpty();
  }

  /// Gives a job as it is.
  byte[] json(Job job) {
    return isUnserved(job) ? JobJson.unserved(job) : JobJson.job(job);
  }

  /// Gives what stands for the bytes of [#json].
  String tag(Job job) {
    return "\"" + job.revision() + (isUnserved(job) ? "-u\"" : "\"");
  }
}
