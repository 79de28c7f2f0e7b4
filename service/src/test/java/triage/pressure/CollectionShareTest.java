package triage.pressure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.management.GarbageCollectorMXBean;
import java.util.List;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

/// Collections of known length, read each 100 ms, and what the controller makes of them.
final class CollectionShareTest {
  private static final long TICK = 100_000_000L;

  private final Collector stopping = new Collector("G1 Old Generation");
  private final Collector beside = new Collector("G1 Concurrent GC");
  private final CollectionShare share = new CollectionShare(List.of(stopping, beside), 0);
  private final ShedController controller = new ShedController();
  private long now;

  @Test
  void isTheTimeStoppedOverTheLastSecond() {
    ticks(20, 30);
    assertThat(read()).isCloseTo(0.3, within(0.03));
  }

  @Test
  void collectorsThatWorkBesideTheProgramDoNotCount() {
    beside.spentMillis = 5000;
    ticks(20, 0);
    assertThat(read()).isZero();
  }

  @Test
  void isAbsentWhereNoCollectorStopsTheProgram() {
    assertThat(new CollectionShare(List.of(beside), 0).read(TICK)).isEmpty();
  }

  @Test
  void aPauseOf100MillisEverySecondShedsNothing() {
    for (int second = 0; second < 60; second++) {
      assertThat(ticks(1, 100)).isZero();
      assertThat(ticks(9, 0)).isZero();
    }
  }

  /// Each of 45 ms, as seen on two processors: half of the time and more.
  @Test
  void aStormOfCollectionsTripsWithinASecondAndIsForgottenWithinThree() {
    assertThat(ticks(100, 1)).isZero();
    assertThat(ticks(5, 65)).isPositive();
    assertThat(ticks(600, 65)).isPositive();
    assertThat(ticks(30, 1)).isZero();
  }

  @Test
  void readingsAfterAStallOfTheReaderMakeNoStorm() {
    ticks(20, 1);
    stopping.spentMillis += 120;
    now += 200_000_000L;
    for (int i = 0; i < 20; i++) {
      now += 1000;
      assertThat(read()).isLessThan(Signal.GC_SHARE.setPoint());
    }
  }

  private double ticks(int count, long millisOfEach) {
    double fraction = 0;
    for (int i = 0; i < count; i++) {
      now += TICK;
      stopping.spentMillis += millisOfEach;
      fraction = controller.update(read() / Signal.GC_SHARE.setPoint(), 1, now);
    }
    return fraction;
  }

  private double read() {
    return share.read(now).orElseThrow();
  }

  /// A collector with as much time spent as we say.
  private static final class Collector implements GarbageCollectorMXBean {
    private final String name;
    private long spentMillis;

    private Collector(String name) {
      this.name = name;
    }

    @Override
    public long getCollectionCount() {
      return 1;
    }

    @Override
    public long getCollectionTime() {
      return spentMillis;
    }

    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean isValid() {
      return true;
    }

    @Override
    public String[] getMemoryPoolNames() {
      return new String[0];
    }

    @Override
    public ObjectName getObjectName() {
      throw new UnsupportedOperationException();
    }
  }
}
