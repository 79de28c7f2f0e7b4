package triage.analysis;

import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// The changes of one job, until its end. An event is named by the job's revision.
///
/// **Threads**: confined to the thread of its stream.
final class JobFeed implements Feed {
  private final ChangeDao changes;
  private final JobView view;
  private final UUID id;
  private long revision;

  /// Begins after a revision; 0 is before the first.
  JobFeed(ChangeDao changes, JobView view, UUID id, long revision) {
    this.changes = changes;
    this.view = view;
    this.id = id;
    this.revision = revision;
  }

  @Override
  public Page next() {
    Optional<Job> found = changes.find(id);
    if (found.isEmpty()) {
      // Its time is over, and how it ended has not been told.
      return new Page(List.of(Event.end("job-removed")), Next.NEVER);
    }
    Job job = found.get();
    Next next = job.state().isFinal() ? Next.NEVER : Next.WHEN_WOKEN;
    if (job.revision() <= revision) {
      return new Page(List.of(), next);
    }
    revision = job.revision();
    return new Page(List.of(Event.job(Long.toString(revision), view.json(job))), next);
  }
}
