package triage.store;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Where the store is and how long it may take: the settings under the key `store`.
///
/// Without a `url` Triage starts a PostgreSQL of its own in the data folder. A key that a file
/// leaves out arrives here as null and takes its default, hence the boxed numbers.
///
/// **Threads**: immutable.
///
/// @param url JDBC address of an external PostgreSQL, without a password; null: embedded
/// @param user the role to log in as at the external PostgreSQL; null when embedded
/// @param passwordFile file that holds that role's password, a line end is ignored; null: the
///   environment variable `TRIAGE_STORE_PASSWORD`
/// @param binaries folder in which the embedded PostgreSQL's programs are unpacked; null: in the
///   data folder. Useful where the data lie on a volume mounted `noexec`
/// @param port TCP port of the embedded PostgreSQL on 127.0.0.1; 0, the default, takes a free one
/// @param connections connections that callers share at most; default 16, where single-row inserts
///   were fastest on two cores
/// @param startTimeout how long the embedded PostgreSQL may take until it answers, crash recovery
///   included; default 2 minutes
/// @param connectTimeout how long reaching the server may take; default 5 s
/// @param waitTimeout how long a caller waits for a free connection; default 5 s
/// @param answerTimeout how long one statement may stay without any answer before its connection is
///   given up; default 30 s
public record StoreSettings(
    @Nullable String url,
    @Nullable String user,
    @Nullable Path passwordFile,
    @Nullable Path binaries,
    Integer port,
    Integer connections,
    Duration startTimeout,
    Duration connectTimeout,
    Duration waitTimeout,
    Duration answerTimeout) {

  private static final int PORT = 0;
  private static final int CONNECTIONS = 16;
  private static final Duration START_TIMEOUT = Duration.ofMinutes(2);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(30);

  /// Checks every value and puts the default where there is none.
  ///
  /// @throws IllegalArgumentException if a value is out of range, or `url`, `user` and
  ///   `passwordFile` do not go together
  public StoreSettings {
    port = port == null ? PORT : port;
    connections = connections == null ? CONNECTIONS : connections;
    startTimeout = startTimeout == null ? START_TIMEOUT : startTimeout;
    connectTimeout = connectTimeout == null ? CONNECT_TIMEOUT : connectTimeout;
    waitTimeout = waitTimeout == null ? WAIT_TIMEOUT : waitTimeout;
    answerTimeout = answerTimeout == null ? ANSWER_TIMEOUT : answerTimeout;
    checkAddress(url, user, passwordFile);
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port: " + port + " (expected: 0 to 65535)");
    }
    if (connections < 1 || connections > 1_000) {
      throw new IllegalArgumentException("connections: " + connections + " (expected: 1 to 1000)");
    }
    checkDuration("startTimeout", startTimeout, Duration.ofHours(1));
    checkDuration("connectTimeout", connectTimeout, Duration.ofMinutes(5));
    checkDuration("waitTimeout", waitTimeout, Duration.ofMinutes(5));
    checkDuration("answerTimeout", answerTimeout, Duration.ofHours(1));
  }

  /// Gives the settings of a file that says nothing about the store: embedded, all defaults.
  public static StoreSettings defaults() {
    return new StoreSettings(
        null,
        null,
        null,
        null,
        PORT,
        CONNECTIONS,
        START_TIMEOUT,
        CONNECT_TIMEOUT,
        WAIT_TIMEOUT,
        ANSWER_TIMEOUT);
  }

  /// Says whether Triage runs the PostgreSQL itself.
  public boolean embedded() {
    return url == null;
  }

  private static void checkAddress(
      @Nullable String url, @Nullable String user, @Nullable Path passwordFile) {
    if (url == null) {
      if (user != null || passwordFile != null) {
        throw new IllegalArgumentException(
            "url: missing (expected: an address, since user or passwordFile is set)");
      }
      return;
    }
    if (url.toLowerCase(Locale.ROOT).contains("password") || url.contains("@")) {
      throw new IllegalArgumentException(
          "url: holds a password or a user (expected: use user and passwordFile,"
              + " or the environment variable TRIAGE_STORE_PASSWORD)");
    }
    if (!url.startsWith("jdbc:postgresql://")) {
      throw new IllegalArgumentException(
          "url: " + url + " (expected: jdbc:postgresql://HOST:PORT/DATABASE)");
    }
    if (user == null || user.isBlank()) {
      throw new IllegalArgumentException("user: missing (expected: a role, since url is set)");
    }
  }

  private static void checkDuration(String name, Duration value, Duration max) {
    if (value.compareTo(Duration.ofMillis(100)) < 0 || value.compareTo(max) > 0) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: PT0.1S to " + max + ")");
    }
  }
}
