import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.PreparedBatch;
import triage.store.PromptLane;
import triage.store.Receipt;
import triage.store.RowIds;
import triage.store.Store;
import triage.store.StoreSettings;
import triage.time.MonotonicClock;

/// What an accept is measured against: the same row, inserted alone and committed, by as many
/// callers over the program's own pool, into a table like `jobs` with all its indexes.
///
/// ```
/// java -cp ... BareInserts.java URL USER PASSWORD_FILE
/// insert CALLERS SECONDS   prints {"inserts": N, "seconds": S, "p50Ms": P, "p99Ms": P}
/// prompt CALLERS SECONDS   the same, on the way that a submission takes to the store
/// clear                    empties both tables, and prints {}
/// ids N                    prints {"ids": [...]}: jobs that there are
/// ```
///
/// **Threads**: a virtual one for each caller.
final class BareInserts {
  private static final int SAMPLES_MAX = 4_000_000;
  private static final byte[] INPUT =
      "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,1],\"datatype\":\"FP64\",\"data\":[0.5]}]}"
          .getBytes(StandardCharsets.UTF_8);
  private static final String INSERT =
      """
      INSERT INTO perf_jobs (id, caller, study, model, model_version, criticality, body_sha256,
        input, state, created_at, answered, answer_by)
      VALUES (?, 'perf', 'S-1', 'm', '1', 1, ?, ?, 'waiting', ?, 202, now() + interval '2 s')
      ON CONFLICT DO NOTHING\
      """;

  private final Jdbi jdbi;
  private final RowIds ids = new RowIds(java.time.InstantSource.system(), new Random(1));

  private final PromptLane<UUID> lane;

  private BareInserts(Store store) {
    this.jdbi = store.jdbi();
    this.lane = store.promptLane(BareInserts::insertAll, 4096, Duration.ofSeconds(2));
  }

  public static void main(String[] arguments) throws Exception {
    StoreSettings settings =
        new StoreSettings(
            arguments[0],
            arguments[1],
            Path.of(arguments[2]),
            null,
            null,
            null,
            null,
            null,
            null,
            null);
    try (Store store = Store.open(settings, Path.of("."), MonotonicClock.system())) {
      BareInserts bare = new BareInserts(store);
      bare.asOwner(
          "CREATE TABLE perf_jobs (LIKE jobs INCLUDING ALL)",
          "GRANT SELECT, INSERT ON perf_jobs TO triage_app");
      System.out.println("ready");
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        System.out.println(bare.answer(line.split(" ")));
      }
    }
  }

  private String answer(String[] words) throws InterruptedException {
    return switch (words[0]) {
      case "insert" ->
          insert(Integer.parseInt(words[1]), Integer.parseInt(words[2]), this::insert);
      case "prompt" ->
          insert(Integer.parseInt(words[1]), Integer.parseInt(words[2]), this::accept);
      case "clear" -> {
        asOwner("TRUNCATE jobs, perf_jobs", "CHECKPOINT");
        yield "{}";
      }
      case "ids" -> ids(Integer.parseInt(words[1]));
      default -> throw new IllegalArgumentException(words[0]);
    };
  }

  private String ids(int most) {
    List<String> found =
        jdbi.withHandle(handle ->
            handle
                .createQuery("SELECT id::text FROM jobs LIMIT :n")
                .bind("n", most)
                .mapTo(String.class)
                .list());
    return "{\"ids\":[\"" + String.join("\",\"", found) + "\"]}";
  }

  private void asOwner(String... statements) {
    jdbi.useHandle(handle -> {
      handle.execute("RESET ROLE");
      for (String statement : statements) {
        handle.execute(statement);
      }
      handle.execute("SET ROLE triage_app");
    });
  }

  private String insert(int callers, int seconds, Runnable one) throws InterruptedException {
    long[] nanos = new long[SAMPLES_MAX];
    AtomicInteger done = new AtomicInteger();
    CountDownLatch ended = new CountDownLatch(callers);
    long began = System.nanoTime();
    long end = began + seconds * 1_000_000_000L;
    for (int caller = 0; caller < callers; caller++) {
      Thread.startVirtualThread(() -> {
        for (long now = System.nanoTime(); now < end; ) {
          one.run();
          long after = System.nanoTime();
          nanos[done.getAndIncrement() % SAMPLES_MAX] = after - now;
          now = after;
        }
        ended.countDown();
      });
    }
    ended.await();
    double took = (System.nanoTime() - began) / 1e9;
    long[] sorted = Arrays.copyOf(nanos, Math.min(done.get(), SAMPLES_MAX));
    Arrays.sort(sorted);
    return "{\"inserts\":%d,\"seconds\":%.3f,\"p50Ms\":%.3f,\"p99Ms\":%.3f}"
        .formatted(
            done.get(),
            took,
            sorted[sorted.length / 2] / 1e6,
            sorted[(int) (sorted.length * 0.99)] / 1e6);
  }

  private void insert() {
    UUID id = ids.next();
    jdbi.useHandle(handle -> handle
        .createUpdate(INSERT)
        .bind(0, id)
        .bind(1, new byte[32])
        .bind(2, INPUT)
        .bind(3, OffsetDateTime.now(ZoneOffset.UTC))
        .execute());
  }

  private void accept() {
    CompletableFuture<Void> written = new CompletableFuture<>();
    while (!lane.submit(ids.next(), Receipt.completing(written))) {
      Thread.yield();
    }
    written.join();
  }

  private static void insertAll(Handle handle, List<UUID> rows) {
    try (PreparedBatch batch = handle.prepareBatch(INSERT)) {
      OffsetDateTime now = OffsetDateTime.now(ZoneOffset.UTC);
      for (UUID id : rows) {
        batch.bind(0, id).bind(1, new byte[32]).bind(2, INPUT).bind(3, now).add();
      }
      batch.execute();
    }
  }
}
