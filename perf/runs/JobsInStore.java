import java.io.BufferedWriter;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;

/// Every job that a store has, by the store's own word: its id, its idempotency key (empty: none)
/// and the hash of its submission, one a line, between tabs.
///
/// ```
/// java -cp ... JobsInStore.java URL USER PASSWORD_FILE
/// ```
///
/// **Threads**: one.
final class JobsInStore {
  private static final int FETCHED = 1_000;
  private static final String JOBS =
      """
      SELECT id::text, coalesce(idempotency_key, ''), encode(body_sha256, 'hex') FROM triage.jobs
      WHERE state <> 'attached'\
      """;

  private JobsInStore() {}

  public static void main(String[] arguments) throws Exception {
    String password = Files.readString(Path.of(arguments[2])).strip();
    try (Connection store =
            DriverManager.getConnection(arguments[0], arguments[1], password);
        Statement statement = store.createStatement();
        BufferedWriter out =
            new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8))) {
      store.setAutoCommit(false); // So that it comes in parts.
      statement.setFetchSize(FETCHED);
      try (ResultSet jobs = statement.executeQuery(JOBS)) {
        while (jobs.next()) {
          out.write(jobs.getString(1) + '\t' + jobs.getString(2) + '\t' + jobs.getString(3));
          out.newLine();
        }
      }
    }
  }
}
