package triage.gateway;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import triage.backend.Datatype;
import triage.backend.ModelSpec;
import triage.backend.ModelVersion;
import triage.backend.Tensor;
import triage.backend.TensorSpec;
import triage.backend.TextElements;

/// Writes the answers of the Open Inference Protocol.
///
/// **Source**: Open Inference Protocol v2, REST, and its binary tensor data extension.
///
/// **Threads**: no state.
final class OipWriter {
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER).build();

  private OipWriter() {}

  static byte[] live(boolean live) {
    return object(json -> json.writeBooleanField("live", live));
  }

  static byte[] ready(boolean ready) {
    return object(json -> json.writeBooleanField("ready", ready));
  }

  static byte[] serverMetadata(String version) {
    return object(json -> {
      json.writeStringField("name", "triage");
      json.writeStringField("version", version);
      json.writeArrayFieldStart("extensions");
      json.writeString("binary_tensor_data");
      json.writeEndArray();
    });
  }

  static byte[] modelReady(String model, boolean ready) {
    return object(json -> {
      json.writeStringField("name", model);
      json.writeBooleanField("ready", ready);
    });
  }

  static byte[] modelMetadata(String model, String version, ModelSpec spec) {
    return object(json -> {
      json.writeStringField("name", model);
      json.writeArrayFieldStart("versions");
      json.writeString(version);
      json.writeEndArray();
      json.writeStringField("platform", spec.platform());
      writeSpecs(json, "inputs", spec.inputs());
      writeSpecs(json, "outputs", spec.outputs());
    });
  }

  /// Writes the answer to an inference.
  ///
  /// @param asked which outputs to write, and which of them as raw bytes after the JSON
  /// @param outputs all that the model gave
  static OipAnswer inference(ModelVersion model, OipInference asked, List<Tensor> outputs) {
    List<byte[]> raw = new ArrayList<>();
    byte[] head =
        object(json -> {
          json.writeStringField("model_name", model.name());
          json.writeStringField("model_version", model.version());
          if (asked.id() != null) {
            json.writeStringField("id", asked.id());
          }
          json.writeArrayFieldStart("outputs");
          for (Tensor output : outputs) {
            if (asked.binaryOutputs().contains(output.name()) && asked.wants(output.name())) {
              byte[] bytes = RawTensor.bytes(output);
              raw.add(bytes);
              writeRaw(json, output, bytes.length);
            } else if (asked.wants(output.name())) {
              writeTensor(json, output);
            }
          }
          json.writeEndArray();
        });
    ByteArrayOutputStream all = new ByteArrayOutputStream(head.length);
    all.writeBytes(head);
    raw.forEach(all::writeBytes);
    return new OipAnswer(raw.isEmpty() ? head : all.toByteArray(), head.length);
  }

  private static void writeRaw(JsonGenerator json, Tensor tensor, int size) throws IOException {
    json.writeStartObject();
    writeSpec(json, tensor.spec());
    json.writeObjectFieldStart("parameters");
    json.writeNumberField("binary_data_size", size);
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void writeTensor(JsonGenerator json, Tensor tensor) throws IOException {
    json.writeStartObject();
    writeSpec(json, tensor.spec());
    json.writeArrayFieldStart("data");
    Datatype datatype = tensor.spec().datatype();
    ByteBuffer elements = tensor.view();
    while (elements.hasRemaining()) {
      writeElement(json, datatype, elements);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void writeElement(JsonGenerator json, Datatype datatype, ByteBuffer elements)
      throws IOException {
    if (datatype == Datatype.BOOL) {
      json.writeBoolean(RawTensor.whole(datatype, elements) != 0);
    } else if (datatype == Datatype.BYTES) {
      json.writeString(TextElements.next(elements));
    } else if (datatype == Datatype.UINT64) {
      json.writeNumber(Long.toUnsignedString(RawTensor.whole(datatype, elements)));
    } else if (RawTensor.isWhole(datatype)) {
      json.writeNumber(RawTensor.whole(datatype, elements));
    } else if (datatype == Datatype.FP64) {
      json.writeNumber(RawTensor.real(datatype, elements));
    } else {
      json.writeNumber((float) RawTensor.real(datatype, elements));
    }
  }

  private static void writeSpecs(JsonGenerator json, String name, List<TensorSpec> tensors)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (TensorSpec tensor : tensors) {
      json.writeStartObject();
      writeSpec(json, tensor);
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void writeSpec(JsonGenerator json, TensorSpec tensor) throws IOException {
    json.writeStringField("name", tensor.name());
    json.writeStringField("datatype", tensor.datatype().name());
    json.writeArrayFieldStart("shape");
    for (long dimension : tensor.shape()) {
      json.writeNumber(dimension);
    }
    json.writeEndArray();
  }

  private static byte[] object(Members members) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      members.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /// Writes the members of one object.
  @FunctionalInterface
  private interface Members {
    void write(JsonGenerator json) throws IOException;
  }
}
