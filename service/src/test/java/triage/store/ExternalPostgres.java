package triage.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import triage.time.MonotonicClock;

/// A PostgreSQL that stands for one that somebody else runs, for tests of other rooms.
public final class ExternalPostgres implements AutoCloseable {
  private final EmbeddedPostgres server;
  private final Path passwordFile;

  private ExternalPostgres(EmbeddedPostgres server, Path passwordFile) {
    this.server = server;
    this.passwordFile = passwordFile;
  }

  /// Starts the server.
  ///
  /// @param data its data folder; made if missing
  public static ExternalPostgres start(Path data) throws IOException {
    PreparedStore.lay(data);
    EmbeddedPostgres server =
        EmbeddedPostgres.start(data, StoreFixture.settings(), MonotonicClock.system());
    Path passwordFile = data.resolve("external.password");
    Files.writeString(passwordFile, server.admin().password());
    return new ExternalPostgres(server, passwordFile);
  }

  /// Gives what a settings file says under `store` to use it.
  public String settings() {
    return "{url: '%s', user: %s, passwordFile: '%s'}"
        .formatted(server.admin().url(), EmbeddedPostgres.ADMIN, passwordFile);
  }

  @Override
  public void close() {
    server.close();
  }
}
