package triage.analysis;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import triage.gateway.Refusal;

/// The forms in which callers read batches.
///
/// **Threads**: no state.
final class BatchJson {
  private BatchJson() {}

  /// Gives the path of a batch.
  static String path(UUID id) {
    return "/api/v1/batches/" + id;
  }

  /// Gives what a caller learns whose batch was read to its end: only what never changes.
  static byte[] received(UUID id, Batch.Whole whole) {
    return JobJson.bytes(json -> {
      json.writeStartObject();
      json.writeStringField("id", id.toString());
      json.writeStringField("location", path(id));
      write(json, whole);
      json.writeEndObject();
    });
  }

  /// Gives why a batch was not read to its end, and how far it was: a problem of RFC 9457.
  ///
  /// @param takenTo all lines up to this one have their outcome
  static byte[] brokenOff(UUID id, Refusal refusal, long takenTo) {
    return JobJson.bytes(json -> {
      json.writeStartObject();
      json.writeStringField("type", "about:blank");
      json.writeStringField("title", "Batch broken off");
      json.writeNumberField("status", refusal.status());
      json.writeStringField("detail", refusal.message());
      if (refusal.reason() != null) {
        json.writeStringField("reason", refusal.reason());
      }
      if (refusal.retryAfterNanos() > 0) {
        json.writeNumberField("retryAfterMs", refusal.retryAfterNanos() / 1_000_000);
      }
      json.writeStringField("batch", path(id));
      json.writeNumberField("takenTo", takenTo);
      json.writeEndObject();
    });
  }

  /// Gives a batch as it is.
  ///
  /// @param counts what there is of it by state
  static byte[] batch(Batch batch, Map<String, Long> counts) {
    return JobJson.bytes(json -> {
      json.writeStartObject();
      json.writeStringField("id", batch.id().toString());
      json.writeStringField("state", batch.state());
      json.writeStringField("createdAt", batch.createdAt().toString());
      json.writeNumberField("takenTo", batch.takenTo());
      if (batch.whole() != null) {
        write(json, batch.whole());
      }
      json.writeObjectFieldStart("counts");
      for (JobState state : JobState.values()) {
        if (state != JobState.ATTACHED) {
          json.writeNumberField(state.shown(), counts.getOrDefault(state.wire(), 0L));
        }
      }
      json.writeNumberField("refused", counts.getOrDefault("refused", 0L));
      json.writeEndObject();
      json.writeEndObject();
    });
  }

  /// Gives what became of lines, each on a line of its own.
  static byte[] outcomes(List<BatchDao.Outcome> outcomes) {
    return JobJson.bytes(json -> {
      json.setRootValueSeparator(null);
      for (BatchDao.Outcome outcome : outcomes) {
        write(json, outcome);
        json.writeRaw('\n');
      }
    });
  }

  private static void write(JsonGenerator json, BatchDao.Outcome outcome) throws IOException {
    json.writeStartObject();
    json.writeNumberField("line", outcome.line());
    json.writeStringField("state", outcome.state());
    if (outcome.job() != null) {
      json.writeStringField("id", outcome.job().toString());
      json.writeStringField("location", JobJson.path(outcome.job()));
    } else {
      json.writeObjectFieldStart("problem");
      json.writeStringField("type", "about:blank");
      json.writeNumberField("status", outcome.status());
      JobJson.optional(json, "detail", outcome.detail());
      JobJson.optional(json, "pointer", outcome.pointer());
      json.writeEndObject();
    }
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, Batch.Whole whole) throws IOException {
    json.writeNumberField("lines", whole.lines());
    json.writeNumberField("accepted", whole.accepted());
    json.writeNumberField("refused", whole.refused());
  }
}
