package triage.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// A store as its first start leaves it: made once, and copied for each test that does not look at
/// the first start itself, which takes more than a second.
public final class PreparedStore {
  private static final StoreFixture ORIGINAL = make();

  private PreparedStore() {}

  /// Lays a copy into a data folder that has no store yet.
  ///
  /// @param data the data folder; made if missing
  public static void lay(Path data) {
    Path store = data.resolve("postgresql");
    if (Files.exists(store)) {
      return;
    }
    try {
      EmbeddedPostgres.makeFolder(data.toAbsolutePath());
      Process copy =
          new ProcessBuilder(
                  "cp", "-a", ORIGINAL.data().resolve("postgresql").toString(), store.toString())
              .inheritIO()
              .start();
      if (!copy.waitFor(1, TimeUnit.MINUTES) || copy.exitValue() != 0) {
        throw new IllegalStateException("a prepared store could not be copied to " + store);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static StoreFixture make() {
    StoreFixture fixture = StoreFixture.create();
    Runtime.getRuntime().addShutdownHook(new Thread(fixture::close));
    fixture.open().close();
    return fixture;
  }
}
