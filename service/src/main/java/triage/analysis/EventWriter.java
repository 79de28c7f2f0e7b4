package triage.analysis;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import triage.store.StoreException;
import triage.time.MonotonicClock;

/// Writes one stream of events, as long as its reader stays: page by page, each written before the
/// next is read, so that a slow reader costs one page. Between two pages it holds no connection to
/// the store. A store that does not answer is waited for.
///
/// **Source**: server-sent events, in the WHATWG's HTML standard, 9.2.
///
/// **Threads**: confined to one thread, which it blocks.
final class EventWriter {
  /// A stream looks for news no more often than this, however often it is woken.
  private static final long PAUSE_NANOS = 100_000_000L;

  private static final int EVENT_BYTES = 512;
  private static final long STORE_AWAY_NANOS = 1_000_000_000L;
  private static final long RETRY_MILLIS = 1_000;
  private static final long RETRY_SPREAD_MILLIS = 2_000;

  private final Listeners listeners;
  private final Listeners.Listener listener;
  private final Feed feed;
  private final Instant expiry;
  private final long heartbeatNanos;
  private final MonotonicClock clock;
  private final InstantSource wallClock;
  private long wroteNanos;
  private long lookedNanos;

  /// What a stream is made of.
  ///
  /// @param expiry until when its reader may read
  record Parts(Listeners.Listener listener, Feed feed, Instant expiry) {}

  EventWriter(
      Parts parts,
      Listeners listeners,
      EventSettings settings,
      MonotonicClock clock,
      InstantSource wallClock) {
    this.listener = parts.listener();
    this.feed = parts.feed();
    this.expiry = parts.expiry();
    this.listeners = listeners;
    this.heartbeatNanos = settings.heartbeat().toNanos();
    this.clock = clock;
    this.wallClock = wallClock;
  }

  /// Writes until nothing comes any more, the reader goes, its token expires or this instance goes
  /// down.
  void writeTo(OutputStream out) throws IOException {
    try (listener) {
      String start = feed.start();
      write(out, "retry: " + retryMillis() + (start.isEmpty() ? "" : "\nid: " + start) + "\n\n");
      flush(out);
      tell(out);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void tell(OutputStream out) throws IOException, InterruptedException {
    while (!listener.isClosed()) {
      String end = end();
      if (!end.isEmpty()) {
        write(out, "retry: " + retryMillis() + "\n");
        write(out, List.of(Feed.Event.end(end)));
        return;
      }
      Feed.Page page = page();
      if (!page.events().isEmpty()) {
        write(out, page.events());
      }
      switch (page.next()) {
        case NEVER -> {
          return;
        }
        case NOW -> {}
        case SOON -> {
          beat(out);
          LockSupport.parkNanos(PAUSE_NANOS);
        }
        case WHEN_WOKEN -> await(out);
      }
    }
  }

  private Feed.Page page() throws InterruptedException {
    lookedNanos = clock.nanos();
    try {
      return feed.next();
    } catch (StoreException _) {
      listener.await(STORE_AWAY_NANOS);
      return new Feed.Page(List.of(), Feed.Next.SOON);
    }
  }

  /// Gives why the stream ends here, or nothing.
  private String end() {
    if (listeners.areSentAway()) {
      return "draining";
    }
    return wallClock.instant().isBefore(expiry) ? "" : "token-expired";
  }

  private void write(OutputStream out, List<Feed.Event> events) throws IOException {
    ByteArrayOutputStream page = new ByteArrayOutputStream(events.size() * EVENT_BYTES);
    for (Feed.Event event : events) {
      write(page, event.id().isEmpty() ? "" : "id: " + event.id() + "\n");
      write(page, "event: " + event.kind() + "\ndata: ");
      page.write(event.data());
      write(page, "\n\n");
    }
    page.writeTo(out);
    flush(out);
    listener.told(events.size());
  }

  /// Waits for news, but not longer than a reader should hear nothing; then lets more news come.
  private void await(OutputStream out) throws IOException, InterruptedException {
    long leftNanos = heartbeatNanos - (clock.nanos() - wroteNanos);
    if (leftNanos > 0 && listener.await(leftNanos)) {
      LockSupport.parkNanos(lookedNanos + PAUSE_NANOS - clock.nanos());
    }
    beat(out);
  }

  /// Lets the reader hear of us, if it has not for long.
  private void beat(OutputStream out) throws IOException {
    if (clock.nanos() - wroteNanos >= heartbeatNanos) {
      write(out, ": nothing new\n\n");
      flush(out);
    }
  }

  private void flush(OutputStream out) throws IOException {
    out.flush();
    wroteNanos = clock.nanos();
  }

  /// Gives after how long a reader should come back, spread, so that not all come at once.
  private long retryMillis() {
    return RETRY_MILLIS + Math.floorMod(listener.hashCode(), RETRY_SPREAD_MILLIS);
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(UTF_8));
  }
}
