package triage.analysis;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// How analyses are taken in and kept: the settings under the key `analysis`.
///
/// **Threads**: immutable.
///
/// @param bodyBytesMax the largest submission, in bytes; 1 KiB to 16 MiB, default 1 MiB
/// @param batchBytesMax the largest batch, decoded, in bytes; 1 MiB to 1 TiB, default 4 GiB
/// @param waitMax the longest that a caller may wait for a job in one request; 1 s to 10 min,
///   default 60 s
/// @param lease how long an instance holds a job without a sign of life before others take it over,
///   at most; 1 s to 10 min, default 10 s
/// @param attemptsMax how often a job may fail at the model, or take its instance down with it,
///   before it becomes a dead letter; 1 to 100, default 5
/// @param keyFor how long an idempotency key stands for its first answer after the end of its job,
///   or of the last job of its batch; 1 min to 30 d, default 24 h
/// @param backlogBytesMax how many bytes of submissions may wait for their models; 1 MiB to 1 TiB,
///   default 4 GiB
/// @param storedBytesMax how many bytes of jobs may be kept, whatever their state, with inputs and
///   results, and of lines of batches that were refused; 1 MiB to 1 PiB, default 64 GiB
/// @param studyBytesMax how many of them may be those of single studies, by study; 1 MiB to 1 PiB
/// @param keepFor how long a job is kept after its end; `keyFor` to 3660 d, default 30 d
/// @param studyKeepFor how long instead for jobs of single studies, by study
/// @param diskFreeBytesMin how much room must be left on the disk of an embedded store for a
///   submission to be taken; 0 B to 1 TiB, default 512 MiB. CRITICAL_PLUS is taken down to half
/// @param defaultPrefer the `Prefer` header of callers who send none, by caller
/// @param events how streams of events are kept
public record AnalysisSettings(
    long bodyBytesMax,
    long batchBytesMax,
    Duration waitMax,
    Duration lease,
    int attemptsMax,
    Duration keyFor,
    long backlogBytesMax,
    long storedBytesMax,
    Map<String, Long> studyBytesMax,
    Duration keepFor,
    Map<String, Duration> studyKeepFor,
    long diskFreeBytesMin,
    Map<String, String> defaultPrefer,
    EventSettings events) {
  private static final long BODY_BYTES_MAX_DEFAULT = 1 << 20;
  private static final long BATCH_BYTES_MAX_DEFAULT = 4L << 30;
  private static final Duration WAIT_MAX_DEFAULT = Duration.ofSeconds(60);
  private static final Duration LEASE_DEFAULT = Duration.ofSeconds(10);
  private static final Duration LOOK_EVERY_MAX = Duration.ofSeconds(1);
  private static final int ATTEMPTS_MAX_DEFAULT = 5;
  private static final Duration KEY_FOR_DEFAULT = Duration.ofHours(24);
  private static final long BACKLOG_BYTES_MAX_DEFAULT = 4L << 30;
  private static final long STORED_BYTES_MAX_DEFAULT = 64L << 30;
  private static final Duration KEEP_FOR_DEFAULT = Duration.ofDays(30);
  private static final long DISK_FREE_BYTES_MIN_DEFAULT = 512L << 20;

  /// Copies the map and checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public AnalysisSettings {
    defaultPrefer = Map.copyOf(defaultPrefer);
    studyKeepFor = Map.copyOf(studyKeepFor);
    studyBytesMax = Map.copyOf(studyBytesMax);
    require(
        bodyBytesMax >= 1 << 10 && bodyBytesMax <= 16 << 20,
        "bodyBytesMax",
        bodyBytesMax,
        "1KiB to 16MiB");
    require(
        batchBytesMax >= 1L << 20 && batchBytesMax <= 1L << 40,
        "batchBytesMax",
        batchBytesMax,
        "1MiB to 1024GiB");
    require(
        isBetween(waitMax, Duration.ofSeconds(1), Duration.ofMinutes(10)),
        "waitMax",
        waitMax,
        "1s to 10m");
    require(
        isBetween(lease, Duration.ofSeconds(1), Duration.ofMinutes(10)),
        "lease",
        lease,
        "1s to 10m");
    require(attemptsMax >= 1 && attemptsMax <= 100, "attemptsMax", attemptsMax, "1 to 100");
    require(
        isBetween(keyFor, Duration.ofMinutes(1), Duration.ofDays(30)),
        "keyFor",
        keyFor,
        "1m to 30d");
    require(
        backlogBytesMax >= 1L << 20 && backlogBytesMax <= 1L << 40,
        "backlogBytesMax",
        backlogBytesMax,
        "1MiB to 1024GiB");
    requireStored("storedBytesMax", storedBytesMax);
    studyBytesMax.forEach((study, most) -> requireStored("studyBytesMax." + study, most));
    requireKept("keepFor", keepFor, keyFor);
    for (Map.Entry<String, Duration> own : studyKeepFor.entrySet()) {
      requireKept("studyKeepFor." + own.getKey(), own.getValue(), keyFor);
    }
    require(
        diskFreeBytesMin >= 0 && diskFreeBytesMin <= 1L << 40,
        "diskFreeBytesMin",
        diskFreeBytesMin,
        "0B to 1024GiB");
    defaultPrefer.forEach((caller, prefer) ->
        require(
            Preference.isReadable(prefer),
            "defaultPrefer." + caller,
            prefer,
            "such as respond-async, wait=2"));
  }

  /// Gives the settings that a file describes; what it leaves out has its default.
  @JsonCreator
  public static AnalysisSettings of(
      @Nullable Long bodyBytesMax,
      @Nullable Long batchBytesMax,
      @Nullable Duration waitMax,
      @Nullable Duration lease,
      @Nullable Integer attemptsMax,
      @Nullable Duration keyFor,
      @Nullable Long backlogBytesMax,
      @Nullable Long storedBytesMax,
      @Nullable Map<String, Long> studyBytesMax,
      @Nullable Duration keepFor,
      @Nullable Map<String, Duration> studyKeepFor,
      @Nullable Long diskFreeBytesMin,
      @Nullable Map<String, String> defaultPrefer,
      @Nullable EventSettings events) {
    return new AnalysisSettings(
        bodyBytesMax == null ? BODY_BYTES_MAX_DEFAULT : bodyBytesMax,
        batchBytesMax == null ? BATCH_BYTES_MAX_DEFAULT : batchBytesMax,
        waitMax == null ? WAIT_MAX_DEFAULT : waitMax,
        lease == null ? LEASE_DEFAULT : lease,
        attemptsMax == null ? ATTEMPTS_MAX_DEFAULT : attemptsMax,
        keyFor == null ? KEY_FOR_DEFAULT : keyFor,
        backlogBytesMax == null ? BACKLOG_BYTES_MAX_DEFAULT : backlogBytesMax,
        storedBytesMax == null ? STORED_BYTES_MAX_DEFAULT : storedBytesMax,
        studyBytesMax == null ? Map.of() : studyBytesMax,
        keepFor == null ? KEEP_FOR_DEFAULT : keepFor,
        studyKeepFor == null ? Map.of() : studyKeepFor,
        diskFreeBytesMin == null ? DISK_FREE_BYTES_MIN_DEFAULT : diskFreeBytesMin,
        defaultPrefer == null ? Map.of() : defaultPrefer,
        events == null ? EventSettings.DEFAULTS : events);
  }

  /// Gives the settings of a file that says nothing about analyses.
  public static AnalysisSettings defaults() {
    return of(null, null, null, null, null, null, null, null, null, null, null, null, null, null);
  }

  /// Gives how long any job is kept after its end at least, whatever its study.
  Duration keptAtLeast() {
    return studyKeepFor.values().stream().reduce(keepFor, (a, b) -> a.compareTo(b) < 0 ? a : b);
  }

  /// Gives how long a claim holds from its last sign of life on: the lease, less what others may
  /// take to see that it has run out.
  Duration claimFor() {
    return lease.multipliedBy(4).dividedBy(5);
  }

  /// Gives how often an instance looks for claims that have run out.
  Duration lookEvery() {
    Duration tenth = lease.dividedBy(10);
    return tenth.compareTo(LOOK_EVERY_MAX) < 0 ? tenth : LOOK_EVERY_MAX;
  }

  /// Gives the callers whose analyses are answered later unless they say otherwise.
  public Set<String> laterByDefault() {
    return defaultPrefer.keySet();
  }

  private static boolean isBetween(Duration value, Duration min, Duration max) {
    return value.compareTo(min) >= 0 && value.compareTo(max) <= 0;
  }

  private static void requireStored(String name, long value) {
    require(value >= 1L << 20 && value <= 1L << 50, name, value, "1MiB to 1048576GiB");
  }

  private static void requireKept(String name, Duration value, Duration keyFor) {
    require(
        isBetween(value, Duration.ofMinutes(1), Duration.ofDays(3_660)),
        name,
        value,
        "1m to 3660d");
    require(
        value.compareTo(keyFor) >= 0, name, value, "at least keyFor, whose first answer it has");
  }

  private static void require(boolean holds, String name, Object value, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: " + rule + ")");
    }
  }
}
