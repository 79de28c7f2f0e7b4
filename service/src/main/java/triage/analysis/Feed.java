package triage.analysis;

import java.util.List;

/// What a stream of events tells, a page at a time: nothing is kept for a reader that is slow.
///
/// **Threads**: confined to the thread of its stream.
@FunctionalInterface
interface Feed {
  /// Gives what has come since the last page.
  Page next();

  /// Gives the name of the place where the stream begins, so that a reader can come back to it
  /// before the first event; empty if there is none.
  default String start() {
    return "";
  }

  /// One event.
  ///
  /// @param id what a reader sends to go on after it
  /// @param data one line
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Event(String id, byte[] data) {}

  /// Some events, in their order.
  record Page(List<Event> events, Next next) {
    /// Copies the list.
    public Page {
      events = List.copyOf(events);
    }
  }

  /// When to look again.
  enum Next {
    /// At once: there is more.
    NOW,
    /// Soon: something is there that cannot be told yet.
    SOON,
    /// When there is news.
    WHEN_WOKEN,
    /// Never: nothing comes any more.
    NEVER
  }
}
