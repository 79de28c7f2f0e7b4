package triage.backend;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import triage.admission.Mode;
import triage.admission.ReservedShares;

/// One model: its version, who serves it, and the bounds of a request to it.
///
/// @param version the name of the version that callers get who name none, as in
///     `/versions/{version}`
/// @param versions the other versions, by name; at most 100
/// @param aliases other names of versions, such as `stable`; at most 100
/// @param fallback the model that answers where no backend of this one is in rotation, or where the
///     only one fails a request, as far as the retry budget goes; null: none
/// @param timeout how long a caller waits who does not say
/// @param timeoutMax the longest wait that a caller may ask for
/// @param streamIdleTimeout the longest pause between two parts of an answer
/// @param heartbeat after how long a pause a stream of events gets a comment; zero: none
/// @param protocols in which protocols it may be asked; a file in process knows [Protocol#OIP] only
/// @param bodyBytesMax the largest request body, in bytes; 1 KiB to 1 GiB
/// @param waitingMax how many requests may wait at the gate; 1 to 1,000,000
/// @param reserved what share of the dispatches from the queue each class is sure of
/// @param mode how far the gate acts upon its decisions when Triage starts
/// @param breaker when a backend that fails is taken out of rotation
/// @param ejection when a backend that does much worse than the others is taken out
/// @param hedge when a request without an answer is sent to a second backend, too; null: never
/// @param backends who serves it; 1 to 100
public record ModelSettings(
    String version,
    Map<String, VersionSettings> versions,
    Map<String, String> aliases,
    @Nullable String fallback,
    Duration timeout,
    Duration timeoutMax,
    Duration streamIdleTimeout,
    Duration heartbeat,
    Set<Protocol> protocols,
    long bodyBytesMax,
    int waitingMax,
    ReservedShares reserved,
    Mode mode,
    BreakerSettings breaker,
    EjectionSettings ejection,
    @Nullable HedgeSettings hedge,
    List<BackendSettings> backends) {
  /// What the name of a version may be: safe in paths, labels and log lines.
  public static final Pattern VERSION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  /// What the name of a model may be: safe in labels and log lines. With `/` or `:`, as in
  /// `meta-llama/Llama-3.1-8B`, it can be asked under `/v1` only, where no path holds it.
  public static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}");

  private static final int NAMES_MAX = 100;
  private static final String VERSION_DEFAULT = "1";
  private static final Duration TIMEOUT_DEFAULT = Duration.ofSeconds(30);
  private static final Duration TIMEOUT_MAX_DEFAULT = Duration.ofMinutes(10);
  private static final Duration STREAM_IDLE_TIMEOUT_DEFAULT = Duration.ofSeconds(60);
  private static final Duration HEARTBEAT_DEFAULT = Duration.ofSeconds(15);
  private static final long BODY_BYTES_MAX_DEFAULT = 16 << 20;
  private static final int WAITING_MAX_DEFAULT = 1_000;

  /// Copies the lists and checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public ModelSettings {
    backends = List.copyOf(backends);
    protocols = Set.copyOf(protocols);
    require(VERSION.matcher(version).matches(), "version", version, VERSION.pattern());
    versions = Collections.unmodifiableMap(new LinkedHashMap<>(versions));
    aliases = Collections.unmodifiableMap(new LinkedHashMap<>(aliases));
    requireVersions(version, versions);
    requireAliases(version, versions, aliases);
    require(timeout.toMillis() >= 1, "timeout", timeout, ">= 1 ms");
    require(timeoutMax.compareTo(timeout) >= 0, "timeoutMax", timeoutMax, ">= timeout, " + timeout);
    require(timeoutMax.compareTo(Duration.ofDays(1)) <= 0, "timeoutMax", timeoutMax, "<= 1 d");
    require(
        streamIdleTimeout.toMillis() >= 100
            && streamIdleTimeout.compareTo(Duration.ofHours(1)) <= 0,
        "streamIdleTimeout",
        streamIdleTimeout,
        "100 ms to 1 h");
    require(
        heartbeat.isZero()
            || (heartbeat.toMillis() >= 100 && heartbeat.compareTo(Duration.ofHours(1)) <= 0),
        "heartbeat",
        heartbeat,
        "0 s, or 100 ms to 1 h");
    require(!protocols.isEmpty(), "protocols", "none", "oip, openai or both");
    require(
        bodyBytesMax >= 1 << 10 && bodyBytesMax <= 1 << 30,
        "bodyBytesMax",
        bodyBytesMax,
        "1 KiB to 1 GiB");
    require(waitingMax >= 1 && waitingMax <= 1_000_000, "waitingMax", waitingMax, "1 to 1,000,000");
    require(
        !backends.isEmpty() && backends.size() <= 100,
        "backends",
        backends.size() + " of them",
        "1 to 100");
  }

  /// Gives the model that a settings file describes; what it leaves out has its default.
  @JsonCreator
  public static ModelSettings of(
      @Nullable String version,
      @Nullable Map<String, VersionSettings> versions,
      @Nullable Map<String, String> aliases,
      @Nullable String fallback,
      @Nullable Duration timeout,
      @Nullable Duration timeoutMax,
      @Nullable Duration streamIdleTimeout,
      @Nullable Duration heartbeat,
      @Nullable List<String> protocols,
      @Nullable Long bodyBytesMax,
      @Nullable Integer waitingMax,
      @Nullable ReservedSettings reserved,
      @Nullable String mode,
      @Nullable BreakerSettings breaker,
      @Nullable EjectionSettings ejection,
      @Nullable HedgeSettings hedge,
      @Nullable List<BackendSettings> backends) {
    Duration wait = timeout == null ? TIMEOUT_DEFAULT : timeout;
    return new ModelSettings(
        version == null ? VERSION_DEFAULT : version,
        versions == null ? Map.of() : versions,
        aliases == null ? Map.of() : aliases,
        fallback,
        wait,
        timeoutMax != null
            ? timeoutMax
            : wait.compareTo(TIMEOUT_MAX_DEFAULT) > 0 ? wait : TIMEOUT_MAX_DEFAULT,
        streamIdleTimeout == null ? STREAM_IDLE_TIMEOUT_DEFAULT : streamIdleTimeout,
        heartbeat == null ? HEARTBEAT_DEFAULT : heartbeat,
        protocols == null ? Protocol.ALL : Protocol.of(protocols),
        bodyBytesMax == null ? BODY_BYTES_MAX_DEFAULT : bodyBytesMax,
        waitingMax == null ? WAITING_MAX_DEFAULT : waitingMax,
        reserved == null ? ReservedShares.DEFAULTS : reserved.shares(),
        mode == null ? Mode.ENFORCE : Mode.of(mode),
        breaker == null ? BreakerSettings.DEFAULTS : breaker,
        ejection == null ? EjectionSettings.DEFAULTS : ejection,
        hedge,
        backends == null ? List.of() : backends);
  }

  /// Gives the model that is served when no settings name one: diagnosis on the Wisconsin breast
  /// cancer data, in process.
  ///
  /// @param file the ONNX file
  public static ModelSettings inProcess(Path file) {
    List<BackendSettings> backends = List.of(BackendSettings.inProcess(file));
    return at(backends);
  }

  /// Gives a model that these backends serve, with everything else at its default.
  public static ModelSettings at(List<BackendSettings> backends) {
    return of(
        null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
        null, backends);
  }

  /// Gives the settings of one of the other versions.
  ModelSettings inVersion(String other) {
    VersionSettings own = versions.get(other);
    if (own == null) {
      throw new IllegalArgumentException("no version " + other);
    }
    return new ModelSettings(
        other,
        Map.of(),
        Map.of(),
        fallback,
        timeout,
        timeoutMax,
        streamIdleTimeout,
        heartbeat,
        protocols,
        bodyBytesMax,
        waitingMax,
        reserved,
        mode,
        breaker,
        ejection,
        hedge,
        own.backends());
  }

  private static void requireVersions(String version, Map<String, VersionSettings> others) {
    require(others.size() <= NAMES_MAX, "versions", others.size() + " of them", "at most 100");
    for (String other : others.keySet()) {
      require(
          VERSION.matcher(other).matches(), "versions", other, "names like " + VERSION.pattern());
      require(!other.equals(version), "versions", other, "others than version");
    }
  }

  private static void requireAliases(
      String version, Map<String, VersionSettings> others, Map<String, String> aliases) {
    require(aliases.size() <= NAMES_MAX, "aliases", aliases.size() + " of them", "at most 100");
    aliases.forEach((alias, target) -> {
      boolean taken = alias.equals(version) || others.containsKey(alias);
      require(
          VERSION.matcher(alias).matches() && !taken,
          "aliases",
          alias,
          "names that no version has, like " + VERSION.pattern());
      require(
          target.equals(version) || others.containsKey(target),
          "aliases." + alias,
          target,
          "the name of a version");
    });
  }

  private static void require(boolean holds, String name, Object value, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: " + rule + ")");
    }
  }
}
