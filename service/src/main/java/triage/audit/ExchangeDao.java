package triage.audit;

import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
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

  @Override
  public void insert(Handle handle, List<AuditRow> rows) {
    try (PreparedBatch batch = handle.prepareBatch(INSERT)) {
      for (AuditRow row : rows) {
        batch
            .bind(0, row.id())
            .bind(1, row.receivedAt().atOffset(ZoneOffset.UTC))
            .bind(2, row.caller())
            .bind(3, row.model())
            .bind(4, row.modelVersion())
            .bind(5, row.backend())
            .bind(6, row.verdict().name().toLowerCase(Locale.ROOT))
            .bind(7, row.reason())
            .bind(8, row.status())
            .bind(9, row.inputSha256() == null ? null : HexFormat.of().parseHex(row.inputSha256()))
            .bind(10, row.bodyBytes())
            .bind(11, TimeUnit.NANOSECONDS.toMicros(row.waitNanos()))
            .bind(12, TimeUnit.NANOSECONDS.toMicros(row.serviceNanos()))
            .bind(13, row.traceId())
            .add();
      }
      batch.execute();
    }
  }
}
