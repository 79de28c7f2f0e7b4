package triage.planted.gateway;

/// Breaks no rule: `*Dao` classes use JDBI.
public final class RowsDao {
  /// Nothing.
  public org.jdbi.v3.core.Jdbi jdbi;
}
