package triage.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The tables of Triage, in a schema of their own, and the role that works on them.
///
/// The steps are plain SQL files in `db/migration`. They run on a connection of the owner; the
/// service itself works as the role `triage_app`, which may neither change the schema nor update or
/// delete what stands in a table whose name begins with `audit_`.
///
/// **Threads**: immutable.
final class Schema {
  /// The schema that holds every table.
  static final String NAME = "triage";

  /// The role that the service works as.
  static final String APPLICATION = "triage_app";

  private static final Logger LOG = LoggerFactory.getLogger(Schema.class);

  private final DataSource owner;

  /// Makes the schema of a database, as its owner sees it.
  Schema(DataSource owner) {
    this.owner = owner;
  }

  /// Brings the schema up to date, with its grants. Several instances may do so at once.
  ///
  /// @throws StoreException if a step fails; the database is then as it was before that step
  void migrate() {
    try {
      flyway().migrate();
    } catch (FlywayException e) {
      throw new StoreException("store: cannot be migrated: " + e.getMessage(), e);
    }
  }

  /// Gives every step there is, applied or not, in order.
  List<Migration> status() {
    try {
      // Flyway also lists, without a version, that it made the schema.
      return Arrays.stream(flyway().info().all())
          .filter(info -> info.getVersion() != null)
          .map(Schema::migration)
          .toList();
    } catch (FlywayException e) {
      throw new StoreException("store: its migrations cannot be read: " + e.getMessage(), e);
    }
  }

  /// Makes the application's role where there is none yet, with a password of its own.
  void makeApplicationRole(String password) throws SQLException {
    try (Connection connection = owner.getConnection();
        Statement statement = connection.createStatement()) {
      makeRole(statement);
      statement.execute(
          "ALTER ROLE " + APPLICATION + " LOGIN PASSWORD '" + password.replace("'", "''") + "'");
    }
  }

  /// Makes the application's role where there is none yet and the owner may, and says whether the
  /// owner may act as it.
  boolean mayActAsApplication() throws SQLException {
    try (Connection connection = owner.getConnection();
        Statement statement = connection.createStatement()) {
      attempt(() -> makeRole(statement));
      if (attempt(() -> statement.execute("SET ROLE " + APPLICATION))) {
        return true;
      }
      return attempt(() -> statement.execute("GRANT " + APPLICATION + " TO CURRENT_USER"))
          && attempt(() -> statement.execute("SET ROLE " + APPLICATION));
    }
  }

  private Flyway flyway() {
    return Flyway.configure(Schema.class.getClassLoader())
        .dataSource(owner)
        .locations("classpath:db/migration")
        .defaultSchema(NAME)
        .schemas(NAME)
        .validateMigrationNaming(true)
        .cleanDisabled(true)
        .load();
  }

  private static Migration migration(MigrationInfo info) {
    return new Migration(
        String.valueOf(info.getVersion()), info.getDescription(), info.getState().getDisplayName());
  }

  private static void makeRole(Statement statement) throws SQLException {
    statement.execute(
        """
        DO $$ BEGIN
          IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '%1$s') THEN
            CREATE ROLE %1$s;
          END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
          NULL; -- another instance was faster
        END $$\
        """
            .formatted(APPLICATION));
  }

  /// One statement that the role at hand may not be allowed to run.
  private interface Attempt {
    void run() throws SQLException;
  }

  private static boolean attempt(Attempt attempt) throws SQLException {
    try {
      attempt.run();
      return true;
    } catch (SQLException e) {
      String state = String.valueOf(e.getSQLState());
      if (state.startsWith("42") || state.startsWith("22")) {
        LOG.debug("event=role-attempt-refused sqlstate={}", state);
        return false;
      }
      throw e;
    }
  }
}
