package triage.gateway;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import triage.backend.ModelVersion;
import triage.backend.Protocol;

/// Writes the models that are served as OpenAI's API lists them.
///
/// **Threads**: immutable.
final class OpenAiModels {
  private static final JsonFactory JSON = new JsonFactory();

  private final long since;

  /// Makes the writer.
  ///
  /// @param since what stands as their time of creation, in seconds since 1970
  OpenAiModels(long since) {
    this.since = since;
  }

  /// Gives the list of those models that may be asked in OpenAI's form.
  byte[] all(Collection<ModelVersion> models) {
    return written(json -> {
      json.writeStartObject();
      json.writeStringField("object", "list");
      json.writeArrayFieldStart("data");
      for (ModelVersion model : models) {
        if (model.speaks(Protocol.OPENAI)) {
          write(json, model);
        }
      }
      json.writeEndArray();
      json.writeEndObject();
    });
  }

  byte[] one(ModelVersion model) {
    return written(json -> write(json, model));
  }

  private void write(JsonGenerator json, ModelVersion model) throws IOException {
    json.writeStartObject();
    json.writeStringField("id", model.name());
    json.writeStringField("object", "model");
    json.writeNumberField("created", since);
    json.writeStringField("owned_by", "triage");
    json.writeEndObject();
  }

  private static byte[] written(Value value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      value.write(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /// Writes one JSON value.
  @FunctionalInterface
  private interface Value {
    void write(JsonGenerator json) throws IOException;
  }
}
