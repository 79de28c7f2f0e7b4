package triage.pressure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The sensors of the kernel's files, before folders with recorded ones.
final class ProcessorSensorsIT {
  private static final long SECOND = 1_000_000_000L;
  private static final String STALL_FULL = "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";

  @TempDir Path folder;

  @Test
  void readsTheOwnGroupOfVersion2() {
    write("proc/self/cgroup", "0::/system.slice/triage.service\n");
    write("cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
    write("cgroup/cpu.stat", version2(0, 0));
    write("cgroup/system.slice/cpu.stat", version2(0, 0));
    write("cgroup/system.slice/cpu.max", "max 100000\n");
    String own = "cgroup/system.slice/triage.service/";
    write(own + "cpu.max", "150000 100000\n");
    write(own + "cpu.stat", version2(5_000_000, 20_000));
    write(own + "cpu.pressure", stall(1_000_000));
    ProcessorSensors sensors = sensors();

    write(own + "cpu.stat", version2(6_200_000, 70_000));
    write(own + "cpu.pressure", stall(1_250_000));

    assertThat(sensors.usage(SECOND)).hasValueCloseTo(0.8, within(1e-9));
    assertThat(sensors.inUse(SECOND)).hasValueCloseTo(1.2, within(1e-9));
    assertThat(sensors.throttling(SECOND)).hasValueCloseTo(0.05, within(1e-9));
    assertThat(sensors.stall(SECOND)).hasValueCloseTo(0.25, within(1e-9));
    assertThat(sensors.describe()).contains("v2:").endsWith("quotaProcessors=1.5");
  }

  @Test
  void takesTheTightestQuotaOnTheWayUp() {
    write("proc/self/cgroup", "0::/pod/container\n");
    write("cgroup/cgroup.controllers", "cpu\n");
    write("cgroup/pod/cpu.stat", version2(0, 0));
    write("cgroup/pod/cpu.max", "50000 100000\n");
    write("cgroup/pod/container/cpu.stat", version2(0, 0));
    write("cgroup/pod/container/cpu.max", "max 100000\n");
    ProcessorSensors sensors = sensors();

    write("cgroup/pod/cpu.stat", version2(450_000, 0));

    assertThat(sensors.usage(SECOND)).hasValueCloseTo(0.9, within(1e-9));
  }

  @Test
  void readsTheOwnGroupOfVersion1WhereTheMountShowsItAsItsRoot() {
    write("proc/self/cgroup", "4:memory:/docker/c1\n3:cpu,cpuacct:/docker/c1\n0::/\n");
    write("cgroup/cpu,cpuacct/cpuacct.usage", "7000000000\n");
    write("cgroup/cpu,cpuacct/cpu.cfs_quota_us", "200000\n");
    write("cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    write("cgroup/cpu,cpuacct/cpu.stat", version1(0));
    write("proc/pressure/cpu", stall(0));
    ProcessorSensors sensors = sensors();

    write("cgroup/cpu,cpuacct/cpuacct.usage", "8000000000\n");
    write("cgroup/cpu,cpuacct/cpu.stat", version1(100_000_000));
    write("proc/pressure/cpu", stall(400_000));

    assertThat(sensors.usage(SECOND)).hasValueCloseTo(0.5, within(1e-9));
    assertThat(sensors.throttling(SECOND)).hasValueCloseTo(0.1, within(1e-9));
    assertThat(sensors.stall(SECOND)).hasValueCloseTo(0.4, within(1e-9));
    assertThat(sensors.describe()).contains("v1:").endsWith("quotaProcessors=2.0");
  }

  @Test
  void withoutAQuotaTheMachinesCpusCountAndThrottlingIsAbsent() {
    write("proc/self/cgroup", "2:cpuacct:/\n1:cpu:/\n");
    write("cgroup/cpuacct/cpuacct.usage", "0\n");
    write("cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    write("cgroup/cpu/cpu.cfs_period_us", "100000\n");
    write("cgroup/cpu/cpu.stat", version1(0));
    ProcessorSensors sensors = sensors();

    write("cgroup/cpuacct/cpuacct.usage", "1000000000\n");

    assertThat(sensors.usage(SECOND)).hasValueCloseTo(0.25, within(1e-9));
    assertThat(sensors.throttling(SECOND)).isEmpty();
    assertThat(sensors.stall(SECOND)).isEmpty();
  }

  @Test
  void withoutControlGroupsTheMachineIsRead() {
    write("proc/stat", "cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 2 3\n");
    ProcessorSensors sensors = sensors();

    write("proc/stat", "cpu  150 0 110 730 110 0 0 0 30 0\ncpu0 1 2 3\n");

    assertThat(sensors.usage(SECOND)).hasValueCloseTo(0.6, within(1e-9));
    assertThat(sensors.throttling(SECOND)).isEmpty();
    assertThat(sensors.describe()).startsWith("cgroup=none");
  }

  @Test
  void whereThereIsNothingEverySignalIsAbsent() {
    ProcessorSensors sensors = sensors();

    assertThat(sensors.usage(SECOND)).isEmpty();
    assertThat(sensors.throttling(SECOND)).isEmpty();
    assertThat(sensors.stall(SECOND)).isEmpty();
  }

  @Test
  void unreadableContentIsAbsentNotZero() {
    write("cgroup/cgroup.controllers", "cpu\n");
    write("cgroup/cpu.stat", "usage_usec lots\n");
    write("proc/pressure/cpu", "some avg10=0.00\n" + STALL_FULL);
    ProcessorSensors sensors = sensors();

    assertThat(sensors.usage(SECOND)).isEmpty();
    assertThat(sensors.stall(SECOND)).isEmpty();
  }

  @Test
  void readsTheQuotaAnewEachMinute() {
    write("cgroup/cgroup.controllers", "cpu\n");
    write("cgroup/cpu.max", "200000 100000\n");
    write("cgroup/cpu.stat", version2(0, 0));
    ProcessorSensors sensors = sensors();
    write("cgroup/cpu.max", "100000 100000\n");
    write("cgroup/cpu.stat", version2(1_000_000, 0));
    assertThat(sensors.usage(SECOND)).hasValueCloseTo(0.5, within(1e-9));

    write("cgroup/cpu.stat", version2(60_000_000, 0));
    assertThat(sensors.usage(60 * SECOND)).hasValueCloseTo(1.0, within(1e-9));
  }

  @Test
  void aSumThatBeginsAnewIsNoRate() {
    write("cgroup/cgroup.controllers", "cpu\n");
    write("cgroup/cpu.stat", version2(9_000_000, 0));
    ProcessorSensors sensors = sensors();
    write("cgroup/cpu.stat", version2(1_000_000, 0));
    assertThat(sensors.usage(SECOND)).isEmpty();
    write("cgroup/cpu.stat", version2(3_000_000, 0));
    assertThat(sensors.usage(2 * SECOND)).hasValueCloseTo(0.5, within(1e-9));
  }

  private ProcessorSensors sensors() {
    return new ProcessorSensors(
        new SystemFolders(folder.resolve("proc"), folder.resolve("cgroup")), 4, 0);
  }

  private static String version2(long usedMicros, long throttledMicros) {
    return "usage_usec %d\nuser_usec 1\nsystem_usec 1\nnr_periods 9\nnr_throttled 1\n"
            .formatted(usedMicros)
        + "throttled_usec %d\n".formatted(throttledMicros);
  }

  private static String version1(long throttledNanos) {
    return "nr_periods 9\nnr_throttled 1\nthrottled_time %d\n".formatted(throttledNanos);
  }

  private static String stall(long micros) {
    return "some avg10=1.08 avg60=0.20 avg300=0.08 total=%d\n".formatted(micros) + STALL_FULL;
  }

  private void write(String path, String text) {
    try {
      Path file = folder.resolve(path);
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
