package triage.app;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import triage.gateway.CertificateSettings;
import triage.gateway.ConnectionSettings;
import triage.gateway.PaceSettings;

/// Where Triage listens and how it stops: the settings under the key `server`.
///
/// **Threads**: immutable.
///
/// @param host address that callers reach; default `0.0.0.0`, every one of this machine's
/// @param port TCP port for callers; 0 to 65535, 0: any free one; default 8080
/// @param adminHost address that operators reach; default `127.0.0.1`, this machine alone
/// @param adminPort TCP port for operators; 0 to 65535, 0: any free one; default 8081
/// @param drainTimeout how long requests in flight may take to end after SIGTERM; 0 s to 1 h,
///   default 30 s. Keep it below the grace that the platform gives before it kills
/// @param drainNotice how long the ports stay open after SIGTERM at least, so that a load balancer
///     sees `/ready` say no; 0 s to `drainTimeout`, default 1 s
/// @param tls what callers are shown; null: the port for callers speaks in the clear
/// @param connections how many connections there may be, and what may come on one
/// @param pace how fast callers must send and read
public record ServerSettings(
    String host,
    int port,
    String adminHost,
    int adminPort,
    Duration drainTimeout,
    Duration drainNotice,
    @Nullable CertificateSettings tls,
    ConnectionSettings connections,
    PaceSettings pace) {
  private static final String HOST_DEFAULT = "0.0.0.0";
  private static final int PORT_DEFAULT = 8080;
  private static final String ADMIN_HOST_DEFAULT = "127.0.0.1";
  private static final int ADMIN_PORT_DEFAULT = 8081;
  private static final Duration DRAIN_TIMEOUT_DEFAULT = Duration.ofSeconds(30);
  private static final Duration DRAIN_NOTICE_DEFAULT = Duration.ofSeconds(1);
  private static final Duration DRAIN_TIMEOUT_MAX = Duration.ofHours(1);

  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._:%\\[\\]-]{1,253}");
  private static final Set<String> EVERY_ADDRESS = Set.of("0.0.0.0", "::", "[::]");

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public ServerSettings {
    requireHost("host", host);
    requirePort("port", port);
    requireHost("adminHost", adminHost);
    requirePort("adminPort", adminPort);
    boolean sameAddress =
        host.equals(adminHost) || EVERY_ADDRESS.contains(host) || EVERY_ADDRESS.contains(adminHost);
    if (port == adminPort && port != 0 && sameAddress) {
      throw new IllegalArgumentException(
          "adminPort: " + adminPort + " (expected: another one than port)");
    }
    if (drainTimeout.isNegative() || drainTimeout.compareTo(DRAIN_TIMEOUT_MAX) > 0) {
      throw new IllegalArgumentException("drainTimeout: " + drainTimeout + " (expected: 0s to 1h)");
    }
  }

  /// Gives the settings that a file describes; what it leaves out has its default.
  @JsonCreator
  public static ServerSettings of(
      @Nullable String host,
      @Nullable Integer port,
      @Nullable String adminHost,
      @Nullable Integer adminPort,
      @Nullable Duration drainTimeout,
      @Nullable Duration drainNotice,
      @Nullable CertificateSettings tls,
      @Nullable ConnectionSettings connections,
      @Nullable PaceSettings pace) {
    Duration most = drainTimeout == null ? DRAIN_TIMEOUT_DEFAULT : drainTimeout;
    Duration least = most.compareTo(DRAIN_NOTICE_DEFAULT) < 0 ? most : DRAIN_NOTICE_DEFAULT;
    return new ServerSettings(
        host == null ? HOST_DEFAULT : host,
        port == null ? PORT_DEFAULT : port,
        adminHost == null ? ADMIN_HOST_DEFAULT : adminHost,
        adminPort == null ? ADMIN_PORT_DEFAULT : adminPort,
        most,
        drainNotice == null ? least : drainNotice,
        tls,
        connections == null ? ConnectionSettings.DEFAULTS : connections,
        pace == null ? PaceSettings.DEFAULTS : pace);
  }

  /// Gives the settings of a file that says nothing about the server.
  public static ServerSettings defaults() {
    return of(null, null, null, null, null, null, null, null, null);
  }

  private static void requireHost(String name, String value) {
    if (!HOST.matcher(value).matches()) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: a host name or an IP address)");
    }
  }

  private static void requirePort(String name, int value) {
    if (value < 0 || value > 65_535) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: 0 to 65535)");
    }
  }
}
