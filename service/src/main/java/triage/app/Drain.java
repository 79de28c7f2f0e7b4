package triage.app;

import java.time.Duration;
import org.eclipse.jetty.util.component.LifeCycle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.gateway.FrontDoor;

/// What happens between the signal to stop and the end: the door lets nobody new in and says so,
/// and those inside are served, for as long as the settings allow.
///
/// The listening ports stay open meanwhile, so that whoever asks learns that this instance is going
/// down, and the admin port answers `/ready` with 503 from the first moment.
///
/// **Threads**: runs on the thread that stops the server.
final class Drain implements LifeCycle.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(Drain.class);
  private static final Duration LOOK = Duration.ofMillis(20);

  private final FrontDoor door;
  private final Runnable onDrain;
  private final Duration most;
  private final Duration notice;
  private final Sleep sleep;

  /// Makes the drain.
  ///
  /// @param onDrain run once nobody new gets in
  /// @param most how long those inside may take
  /// @param notice how long the port stays open at least, so that a load balancer sees the 503
  Drain(FrontDoor door, Runnable onDrain, Duration most, Duration notice) {
    this(door, onDrain, most, notice, Thread::sleep);
  }

  Drain(FrontDoor door, Runnable onDrain, Duration most, Duration notice, Sleep sleep) {
    this.door = door;
    this.onDrain = onDrain;
    this.most = most;
    this.notice = notice;
    this.sleep = sleep;
  }

  @Override
  public void lifeCycleStopping(LifeCycle server) {
    door.drain();
    onDrain.run();
    LOG.info("event=draining inFlight={} mostSeconds={}", door.inFlight(), most.toSeconds());
    try {
      long looks = most.dividedBy(LOOK);
      long looksAtLeast = notice.dividedBy(LOOK);
      for (long look = 0; look < looks && (look < looksAtLeast || door.inFlight() > 0); look++) {
        sleep.sleep(LOOK);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    LOG.info("event=drained inFlight={}", door.inFlight());
  }

  /// Waits.
  @FunctionalInterface
  interface Sleep {
    void sleep(Duration duration) throws InterruptedException;
  }
}
