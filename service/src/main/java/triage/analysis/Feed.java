package triage.analysis;

import static java.nio.charset.StandardCharsets.UTF_8;

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
  /// @param id what a reader sends to go on after it; empty if it cannot
  /// @param kind what it tells of
  /// @param data one line
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Event(String id, String kind, byte[] data) {
    /// Gives one that tells how a job is.
    static Event job(String id, byte[] job) {
      return new Event(id, "job", job);
    }

    /// Gives one that tells that jobs which changed up to here are not there to be told of.
    static Event gap(String id) {
      return new Event(id, "gap", reason("jobs-removed"));
    }

    /// Gives one that tells why the stream ends here.
    static Event end(String reason) {
      return new Event("", "end", reason(reason));
    }

    private static byte[] reason(String reason) {
      return ("{\"reason\":\"" + reason + "\"}").getBytes(UTF_8);
    }
  }

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
