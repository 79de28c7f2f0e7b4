package triage.analysis;

import java.util.ArrayList;
import java.util.List;
import triage.identity.Caller;

/// The changes of all jobs of one caller, in the order of the store: each job at its latest change,
/// so that a reader that was away for long is told once of each job, however often it changed.
///
/// **Threads**: confined to the thread of its stream.
final class CallerFeed implements Feed {
  private static final int PAGE = 100;

  private final ChangeDao changes;
  private final JobView view;
  private final Caller caller;
  private final ChangePosition start;
  private ChangePosition place;

  /// Begins after a place.
  CallerFeed(ChangeDao changes, JobView view, Caller caller, ChangePosition start) {
    this.changes = changes;
    this.view = view;
    this.caller = caller;
    this.start = start;
    this.place = start;
  }

  @Override
  public String start() {
    return start.toString();
  }

  @Override
  public Page next() {
    List<ChangeDao.Change> found = changes.after(caller.name(), place, PAGE);
    List<Event> events = new ArrayList<>();
    for (ChangeDao.Change change : found) {
      if (!change.settled()) {
        return new Page(events, Next.SOON);
      }
      place = change.position();
      if (view.isFor(caller, change.job())) {
        events.add(new Event(place.toString(), view.json(change.job())));
      }
    }
    return new Page(events, found.size() == PAGE ? Next.NOW : Next.WHEN_WOKEN);
  }
}
