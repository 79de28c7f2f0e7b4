package triage.analysis;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/// Who listens to changes of whose jobs, and how many may. Once they are sent away, nobody is to
/// listen any more.
///
/// **Threads**: safe for use by several threads, none of which blocks but in [Listener#await].
final class Listeners {
  private final EventSettings settings;
  private final ConcurrentHashMap<String, Set<Listener>> byCaller = new ConcurrentHashMap<>();
  private final AtomicInteger open = new AtomicInteger();
  private final LongAdder refused = new LongAdder();
  private final LongAdder events = new LongAdder();
  private Map<String, String> newest = Map.of();
  private volatile boolean sentAway;

  Listeners(EventSettings settings) {
    this.settings = settings;
  }

  /// Who listens to changes of one caller's jobs.
  ///
  /// **Threads**: one waits; any may wake it or close it, which does no harm twice.
  final class Listener implements AutoCloseable {
    private final String caller;
    private final Semaphore news = new Semaphore(0);
    private volatile boolean closed;

    private Listener(String caller) {
      this.caller = caller;
    }

    /// Waits for news that came since it was last asked, and tells whether there is any.
    boolean await(long nanos) throws InterruptedException {
      boolean any = news.tryAcquire(nanos, TimeUnit.NANOSECONDS);
      news.drainPermits();
      return any;
    }

    /// Ends the wait, or the next one.
    void wake() {
      if (news.availablePermits() == 0) {
        news.release();
      }
    }

    /// Tells whether it was closed.
    boolean isClosed() {
      return closed;
    }

    /// Counts events that were told to it.
    void told(int number) {
      events.add(number);
    }

    /// Listens no more.
    @Override
    public void close() {
      byCaller.computeIfPresent(
          caller,
          (name, listeners) -> {
            if (listeners.remove(this)) {
              open.decrementAndGet();
            }
            return listeners.isEmpty() ? null : listeners;
          });
      closed = true;
      wake();
    }
  }

  /// What came of a wish to listen.
  ///
  /// @param listener who listens, or nobody if there is no room
  /// @param ownShare whether it is the caller that has too many
  record Place(Optional<Listener> listener, boolean ownShare) {}

  /// Lets one more listen, if there is room.
  Place listen(String caller) {
    if (open.incrementAndGet() > settings.streamsMax()) {
      open.decrementAndGet();
      refused.increment();
      return new Place(Optional.empty(), false);
    }
    Listener listener = new Listener(caller);
    byCaller.compute(
        caller,
        (name, before) -> {
          Set<Listener> listeners = before == null ? ConcurrentHashMap.newKeySet() : before;
          if (listeners.size() < settings.perCallerMax()) {
            listeners.add(listener);
          } else {
            listener.closed = true;
          }
          return listeners;
        });
    if (listener.closed) {
      open.decrementAndGet();
      refused.increment();
      return new Place(Optional.empty(), true);
    }
    return new Place(Optional.of(listener), false);
  }

  /// Wakes those who listen to a caller's jobs.
  void wake(String caller) {
    byCaller.getOrDefault(caller, Set.of()).forEach(Listener::wake);
  }

  /// Wakes those whose callers' jobs have changed since this was last told, by one thread.
  ///
  /// @param changes the latest change of each caller
  void wake(Map<String, String> changes) {
    changes.forEach((caller, change) -> {
      if (!change.equals(newest.get(caller))) {
        wake(caller);
      }
    });
    newest = new HashMap<>(changes);
  }

  /// Gives whose jobs are listened to.
  Collection<String> callers() {
    return Set.copyOf(byCaller.keySet());
  }

  /// Wakes all, to go.
  void sendAway() {
    sentAway = true;
    byCaller.keySet().forEach(this::wake);
  }

  /// Tells whether nobody is to listen any more.
  boolean areSentAway() {
    return sentAway;
  }

  /// Gives how many listen.
  int open() {
    return open.get();
  }

  /// Gives how many found no room.
  long refused() {
    return refused.sum();
  }

  /// Gives how many events were told.
  long events() {
    return events.sum();
  }
}
