package triage.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/// The room that rows which are gone have left in a table's files, and in those of its large
/// values. PostgreSQL fills it with new rows; to the disk it gives back the end of a file at most.
///
/// It asks the free-space map, which knows of rows once they have been swept up (`VACUUM`): by the
/// server itself, or here. The administrator does both, on a connection of their own.
///
/// **Threads**: safe for use by several threads, which it blocks: asking costs about 1 s for each
/// 10 GiB, sweeping as long as it takes to read the table.
public final class TableRoom {
  private static final Duration CONNECT_MAX = Duration.ofSeconds(5);
  private static final Duration SWEEP_MAX = Duration.ofHours(6);

  /// A page with less is full: large values come in parts of about 2 KB.
  private static final int PAGE_BYTES_MIN = 2_048;

  private static final String EXTENSION =
      "CREATE EXTENSION IF NOT EXISTS pg_freespacemap SCHEMA public";

  private static final String BYTES =
      """
      SELECT coalesce(sum(page.avail), 0) FROM pg_class whole
      CROSS JOIN LATERAL unnest(ARRAY[whole.oid, whole.reltoastrelid]) AS part(id)
      CROSS JOIN LATERAL public.pg_freespace(part.id::regclass) AS page
      WHERE whole.oid = ?::regclass AND part.id <> 0 AND page.avail >= ?\
      """;

  private final ServerAddress admin;
  private final String name;

  /// Makes the way to a table.
  ///
  /// @param name of the table in our schema
  TableRoom(ServerAddress admin, String name) {
    this.admin = admin;
    this.name = Schema.NAME + "." + name;
  }

  /// Gives how many bytes of rows fit in before a file grows.
  public long bytes() throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(EXTENSION);
      try (PreparedStatement query = connection.prepareStatement(BYTES)) {
        query.setString(1, name);
        query.setInt(2, PAGE_BYTES_MIN);
        try (ResultSet found = query.executeQuery()) {
          found.next();
          return found.getLong(1);
        }
      }
    }
  }

  /// Makes what rows have left usable again, as gently as the server does by itself.
  public void sweep() throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SET vacuum_cost_delay = '2ms'");
      statement.execute("VACUUM " + name);
    }
  }

  private Connection connect() throws SQLException {
    return admin.dataSource(CONNECT_MAX, SWEEP_MAX).getConnection();
  }
}
