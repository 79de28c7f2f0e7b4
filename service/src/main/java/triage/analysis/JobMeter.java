package triage.analysis;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;

/// What is shown of jobs, for operators. The gauges are of the last census, of all instances; while
/// there is none, because the store does not answer, they are absent. The counters are this
/// instance's own. No label comes from a caller.
///
/// **Threads**: no state.
final class JobMeter {
  private JobMeter() {}

  static void register(
      PrometheusRegistry registry, JobBook book, UnservedWatch unserved, long storedBytesMax) {
    GaugeWithCallback.builder()
        .name("triage_jobs")
        .help("Jobs in the store, of all instances, counted each 5 s.")
        .labelNames("state")
        .callback(callback ->
            counted(
                book,
                census -> {
                  callback.call((double) census.waiting(), JobState.WAITING.wire());
                  callback.call((double) census.running(), JobState.RUNNING.wire());
                  callback.call((double) census.dead(), JobState.DEAD.wire());
                }))
        .register(registry);
    gauge(
        registry,
        book,
        "triage_job_backlog_bytes",
        "Bytes of the jobs that wait, of all instances: what analysis.backlogBytesMax bounds.",
        census -> (double) census.backlogBytes());
    gauge(
        registry,
        book,
        "triage_job_stored_bytes",
        "Bytes of all jobs that are kept, of all instances: what analysis.storedBytesMax bounds.",
        census -> (double) census.keptBytes());
    GaugeWithCallback.builder()
        .name("triage_job_stored_bytes_max")
        .help("The bound on triage_job_stored_bytes: analysis.storedBytesMax.")
        .callback(callback -> callback.call((double) storedBytesMax))
        .register(registry);
    gauge(
        registry,
        book,
        "triage_job_oldest_waiting_seconds",
        "Time since the submission of the oldest job that waits; 0 if none does.",
        JobCensus::oldestWaitingSeconds);
    CounterWithCallback.builder()
        .name("triage_jobs_ended_total")
        .help("Jobs that this instance has brought to an end, by their last state.")
        .labelNames("state")
        .callback(callback -> {
          for (JobState state : JobState.values()) {
            if (state.isFinal()) {
              callback.call((double) book.counts().of(state), state.wire());
            }
          }
        })
        .register(registry);
    CounterWithCallback.builder()
        .name("triage_jobs_taken_over_total")
        .help("Jobs that this instance took from holders whose lease had run out.")
        .callback(callback -> callback.call((double) book.counts().takenOver()))
        .register(registry);
    CounterWithCallback.builder()
        .name("triage_job_endings_late_total")
        .help(
            "Endings that this instance came with after others had its jobs; nothing was written.")
        .callback(callback -> callback.call((double) book.counts().late()))
        .register(registry);
    GaugeWithCallback.builder()
        .name("triage_jobs_unserved")
        .help("Jobs that wait for a version of their model that this instance does not serve.")
        .callback(callback -> callback.call((double) unserved.jobs()))
        .register(registry);
    listeners(registry, book.listeners());
  }

  private static void listeners(PrometheusRegistry registry, Listeners listeners) {
    GaugeWithCallback.builder()
        .name("triage_event_streams")
        .help("Streams of events about jobs that are open at this instance.")
        .callback(callback -> callback.call((double) listeners.open()))
        .register(registry);
    CounterWithCallback.builder()
        .name("triage_event_streams_refused_total")
        .help("Streams of events that found no room: of their caller, or at this instance.")
        .callback(callback -> callback.call((double) listeners.refused()))
        .register(registry);
    CounterWithCallback.builder()
        .name("triage_events_told_total")
        .help("Events that were written to streams.")
        .callback(callback -> callback.call((double) listeners.events()))
        .register(registry);
  }

  private static void gauge(
      PrometheusRegistry registry,
      JobBook book,
      String name,
      String help,
      ToDoubleFunction<JobCensus> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(callback -> counted(book, census -> callback.call(value.applyAsDouble(census))))
        .register(registry);
  }

  private static void counted(JobBook book, Consumer<JobCensus> show) {
    JobCensus census = book.census();
    if (census != null) {
      show.accept(census);
    }
  }
}
