package triage.audit;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import triage.store.RowKind;

/// Inserts into `audit_exchange`.
///
/// **Threads**: immutable.
final class ExchangeDao implements RowKind<AuditRow> {
  private static final String INSERT =
      """
      INSERT INTO audit_exchange (id, received_at, caller, model, model_version, backend, verdict,
        reason, status, input_sha256, body_bytes, wait_micros, service_micros, trace_id)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING\
      """;

  /// Inserts by JDBC itself: what JDBI looks up for each of 14 arguments cost as much as the rest
  /// of a row.
  @Override
  public void insert(Handle handle, List<AuditRow> rows) {
    try (PreparedStatement batch = handle.getConnection().prepareStatement(INSERT)) {
      for (AuditRow row : rows) {
        bind(row, batch);
        batch.addBatch();
      }
      batch.executeBatch();
    } catch (SQLException e) {
      throw new IllegalStateException("audit rows were not inserted", e);
    }
  }

  private static void bind(AuditRow row, PreparedStatement to) throws SQLException {
    String digest = row.inputSha256();
    to.setObject(1, row.id());
    to.setObject(2, row.receivedAt().atOffset(ZoneOffset.UTC));
    to.setString(3, row.caller());
    to.setString(4, row.model());
    to.setString(5, row.modelVersion());
    to.setString(6, row.backend());
    to.setString(7, row.verdict().name().toLowerCase(Locale.ROOT));
    to.setString(8, row.reason());
    to.setInt(9, row.status());
    to.setBytes(10, digest == null ? null : HexFormat.of().parseHex(digest));
    to.setLong(11, row.bodyBytes());
    to.setLong(12, TimeUnit.NANOSECONDS.toMicros(row.waitNanos()));
    to.setLong(13, TimeUnit.NANOSECONDS.toMicros(row.serviceNanos()));
    to.setString(14, row.traceId());
  }
}
