package triage.store;

import java.time.Duration;
import org.postgresql.ds.PGSimpleDataSource;

/// A PostgreSQL database and a role to log in as.
///
/// **Threads**: immutable.
record ServerAddress(String url, String user, String password) {
  /// The first that looks by itself whether the one who asked is still there.
  private static final int VERSION_MIN = 14;

  /// Gives what opens connections to it.
  ///
  /// @param connect how long reaching the server may take
  /// @param answer how long one statement may stay without any answer
  PGSimpleDataSource dataSource(Duration connect, Duration answer) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setURL(url);
    source.setUser(user);
    source.setPassword(password);
    source.setConnectTimeout(seconds(connect));
    source.setSocketTimeout(seconds(answer));
    source.setTcpKeepAlive(true);
    source.setReWriteBatchedInserts(true);
    source.setCurrentSchema(Schema.NAME);
    source.setApplicationName("triage");
    return source;
  }

  /// Refuses a server that is too old to be told to look after its connections.
  ///
  /// @param major the number of its version before the dot
  /// @throws StoreException if it is too old
  void requireVersion(int major) {
    if (major < VERSION_MIN) {
      throw new StoreException(
          "store.url: %s is PostgreSQL %d (expected: version %d or later)"
              .formatted(this, major, VERSION_MIN));
    }
  }

  /// Leaves the password out.
  @Override
  public String toString() {
    return user + " at " + url;
  }

  private static int seconds(Duration duration) {
    return Math.toIntExact(Math.max(1, duration.plusMillis(999).toSeconds()));
  }
}
