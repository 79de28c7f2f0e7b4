package triage.analysis;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import triage.identity.Caller;

/// The changes of all jobs of one caller, in the order of the store: each job at its latest change,
/// so that a reader that was away for long is told once of each job, however often it changed.
///
/// Where jobs that changed after its place were deleted meanwhile, because their time was over, it
/// is told of a gap, which stands where the last of them stood.
///
/// **Threads**: confined to the thread of its stream.
final class CallerFeed implements Feed {
  private static final int PAGE = 100;

  private final ChangeDao changes;
  private final JobView view;
  private final Caller caller;
  private final ChangePosition start;
  private ChangePosition place;

  /// Up to where the reader does without what is missing; `null` before the first look.
  private @Nullable ChangePosition missing;

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
    ChangeDao.Page found = changes.after(caller.name(), place, PAGE);
    ChangeDao.Removal gap = gap(found.removals());
    List<Event> events = new ArrayList<>();
    for (ChangeDao.Change change : found.changes()) {
      if (!change.settled()) {
        return new Page(events, Next.SOON);
      }
      if (gap != null && gap.position().compareTo(change.position()) < 0) {
        events.add(pass(gap));
        gap = null;
      }
      place = change.position();
      if (view.isFor(caller, change.job())) {
        events.add(Event.job(place.toString(), view.json(change.job())));
      }
    }
    if (found.changes().size() == PAGE) {
      return new Page(events, Next.NOW);
    }
    if (gap != null && !gap.settled()) {
      return new Page(events, Next.SOON);
    }
    if (gap != null) {
      events.add(pass(gap));
    }
    return new Page(events, Next.WHEN_WOKEN);
  }

  /// Gives the last of what the reader would have been told of, were it still there.
  private ChangeDao.@Nullable Removal gap(List<ChangeDao.Removal> removals) {
    ChangeDao.Removal last =
        removals.stream()
            .filter(removal -> view.isFor(caller, removal.study()))
            .max(Comparator.comparing(ChangeDao.Removal::position))
            .orElse(null);
    if (missing == null) {
      // Who begins with what is oldest has asked for no more than there is.
      missing = last == null || !start.equals(ChangePosition.START) ? start : last.position();
    }
    return last == null || last.position().compareTo(missing) <= 0 ? null : last;
  }

  private Event pass(ChangeDao.Removal gap) {
    place = gap.position();
    return Event.gap(place.toString());
  }
}
