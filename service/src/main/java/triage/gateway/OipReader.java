package triage.gateway;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collector;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import triage.backend.Datatype;
import triage.backend.ModelSpec;
import triage.backend.Tensor;
import triage.backend.TensorSpec;

/// Reads and checks inference requests of the Open Inference Protocol for models whose tensors
/// Triage knows.
///
/// The members of a tensor may come in any order, so a tensor is read whole and checked at its end.
/// Each fault is refused with the name of the tensor and the rule; what the caller sent is not
/// repeated, but for short names. Members that the protocol does not name are passed over, as other
/// servers do.
///
/// The data of a tensor stand in the JSON, or as raw bytes after it, in the order of the tensors
/// that have such.
///
/// **Source**: Open Inference Protocol v2, REST, "Inference Request" and "Tensor Data"; binary
/// tensor data extension.
///
/// **Threads**: confined to one; a reader reads one request.
final class OipReader {
  private static final int DEPTH_MAX = 16;
  private static final int DIMENSIONS_MAX = 8;
  private static final int NAME_MAX = 128;
  private static final int TENSORS_MAX = 256;
  private static final int ID_MAX = 1024;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEPTH_MAX)
                  .maxNumberLength(400)
                  .maxStringLength(64 << 10)
                  .maxNameLength(1024)
                  .build())
          .build();

  private final ModelSpec spec;
  private final OipBody body;
  private final ByteBuffer raw;

  /// Makes the reader of one body.
  OipReader(ModelSpec spec, OipBody body) {
    this.spec = spec;
    this.body = body;
    this.raw =
        ByteBuffer.wrap(body.bytes(), body.jsonLength(), body.bytes().length - body.jsonLength())
            .slice();
  }

  /// Reads the request. To be called once.
  ///
  /// @throws RefusedException 400 naming the fault
  OipInference read() throws RefusedException {
    try (JsonParser json = JSON.createParser(body.bytes(), 0, body.jsonLength())) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw refused("the body must be one JSON object with `inputs`");
      }
      OipInference inference = readInference(json);
      if (json.nextToken() != null) {
        throw refused("something follows the JSON object; send one object only");
      }
      if (raw.hasRemaining()) {
        throw refused(
            raw.remaining()
                + " bytes follow the JSON that belong to no tensor; each raw one says its"
                + " `parameters.binary_data_size`");
      }
      return inference;
    } catch (JsonProcessingException e) {
      throw refused(explain(e));
    } catch (IOException e) {
      throw refused("the body is not valid UTF-8 JSON");
    }
  }

  private OipInference readInference(JsonParser json) throws IOException, RefusedException {
    String id = null;
    List<Tensor> inputs = null;
    List<Wanted> outputs = List.of();
    OipParameters parameters = OipParameters.NONE;
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String key = json.currentName();
      json.nextToken();
      switch (key) {
        case "id" -> id = readText(json, "id", ID_MAX);
        case "inputs" -> inputs = readInputs(json);
        case "outputs" -> outputs = readOutputs(json);
        case "parameters" -> parameters = OipParameters.read(json, "parameters");
        default -> json.skipChildren();
      }
    }
    if (inputs == null) {
      throw refused("`inputs` is missing (expected: " + expectedInputs() + ")");
    }
    return new OipInference(
        id,
        inputs,
        outputs.stream().map(Wanted::name).toList(),
        binary(outputs, parameters.binaryDataOutput()));
  }

  /// Gives the names of the outputs that are wanted in raw bytes.
  private Set<String> binary(List<Wanted> outputs, boolean otherwise) {
    Set<String> names = new HashSet<>();
    if (otherwise) {
      spec.outputs().forEach(output -> names.add(output.name()));
    }
    for (Wanted output : outputs) {
      if (output.binary() != null && output.binary()) {
        names.add(output.name());
      } else if (output.binary() != null) {
        names.remove(output.name());
      }
    }
    return names;
  }

  private List<Tensor> readInputs(JsonParser json) throws IOException, RefusedException {
    if (!json.isExpectedStartArrayToken()) {
      throw refused("`inputs` must be an array of tensors (expected: " + expectedInputs() + ")");
    }
    @Nullable Tensor[] found = new Tensor[spec.inputs().size()];
    int count = 0;
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (!json.isExpectedStartObjectToken()) {
        throw refused("`inputs[" + count + "]` must be an object");
      }
      if (++count > TENSORS_MAX) {
        throw refused("`inputs` has more than " + TENSORS_MAX + " tensors");
      }
      Tensor tensor = readTensor(json, count - 1);
      int index = indexOf(spec.inputs(), tensor.name());
      if (found[index] != null) {
        throw refused("input tensor `" + tensor.name() + "` stands twice");
      }
      found[index] = tensor;
    }
    List<Tensor> inputs = new ArrayList<>();
    for (int i = 0; i < found.length; i++) {
      Tensor tensor = found[i];
      if (tensor == null) {
        throw refused("input tensor " + described(spec.inputs().get(i)) + " is missing");
      }
      inputs.add(tensor);
    }
    return inputs;
  }

  private Tensor readTensor(JsonParser json, int position) throws IOException, RefusedException {
    String name = null;
    String datatype = null;
    long[] shape = null;
    TensorData data = null;
    OipParameters parameters = OipParameters.NONE;
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String key = json.currentName();
      json.nextToken();
      switch (key) {
        case "name" -> name = readText(json, "inputs[" + position + "].name", NAME_MAX);
        case "datatype" -> datatype = readText(json, "inputs[" + position + "].datatype", 16);
        case "shape" -> shape = readShape(json, position);
        case "parameters" ->
            parameters = OipParameters.read(json, "inputs[" + position + "].parameters");
        case "data" -> data = TensorData.read(json);
        default -> json.skipChildren();
      }
    }
    if (name == null) {
      throw refused("`inputs[" + position + "].name` is missing");
    }
    int index = indexOf(spec.inputs(), name);
    if (index < 0) {
      throw refused(
          "input tensor " + shown(name) + " is not one of this model's: " + expectedInputs());
    }
    TensorSpec expected = spec.inputs().get(index);
    if (parameters.binaryDataSize() >= 0) {
      if (data != null) {
        throw refused(
            "input tensor `" + name + "` has both `data` and `binary_data_size`; send one of them");
      }
      data = TensorData.of(expected.datatype(), nextRaw(name, parameters.binaryDataSize()));
    }
    return checked(expected, datatype, shape, data);
  }

  private ByteBuffer nextRaw(String tensor, int size) throws RefusedException {
    if (size > raw.remaining()) {
      throw refused(
          "input tensor `"
              + tensor
              + "`: `binary_data_size` is "
              + size
              + ", but "
              + raw.remaining()
              + " bytes are left after the JSON, whose length the header "
              + OipBody.JSON_LENGTH
              + " says");
    }
    ByteBuffer next = raw.slice(raw.position(), size);
    raw.position(raw.position() + size);
    return next;
  }

  private static Tensor checked(
      TensorSpec expected,
      @Nullable String datatype,
      long @Nullable [] shape,
      @Nullable TensorData data)
      throws RefusedException {
    String tensor = "input tensor `" + expected.name() + "`: ";
    if (datatype == null || shape == null || data == null) {
      String missing = datatype == null ? "datatype" : shape == null ? "shape" : "data";
      throw refused(tensor + "`" + missing + "` is missing");
    }
    if (Datatype.named(datatype) != expected.datatype()) {
      throw refused(
          tensor + "datatype is " + shown(datatype) + " (expected: " + expected.datatype() + ")");
    }
    if (!expected.fits(shape)) {
      throw refused(
          tensor
              + "shape is "
              + Arrays.toString(shape)
              + " (expected: "
              + shapeRule(expected)
              + ")");
    }
    String fault = data.faultFor(expected.datatype(), shape);
    if (fault != null) {
      throw refused(tensor + fault);
    }
    TensorSpec exact =
        new TensorSpec(expected.name(), expected.datatype(), Arrays.stream(shape).boxed().toList());
    return new Tensor(exact, data.elements(expected.datatype()));
  }

  private List<Wanted> readOutputs(JsonParser json) throws IOException, RefusedException {
    if (!json.isExpectedStartArrayToken()) {
      throw refused("`outputs` must be an array of {name}");
    }
    List<Wanted> outputs = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (!json.isExpectedStartObjectToken()) {
        throw refused("`outputs[" + outputs.size() + "]` must be an object");
      }
      String name = null;
      OipParameters parameters = OipParameters.NONE;
      while (json.nextToken() != JsonToken.END_OBJECT) {
        String key = json.currentName();
        json.nextToken();
        switch (key) {
          case "name" -> name = readText(json, "outputs[].name", NAME_MAX);
          case "parameters" -> parameters = OipParameters.read(json, "outputs[].parameters");
          default -> json.skipChildren();
        }
      }
      if (name == null || indexOf(spec.outputs(), name) < 0) {
        throw refused(
            "output tensor "
                + (name == null ? "without a name" : shown(name))
                + " is not one of this model's: "
                + spec.outputs().stream().map(OipReader::described).collect(commas()));
      }
      Wanted output = new Wanted(name, parameters.binaryData());
      if (outputs.stream().anyMatch(other -> other.name().equals(output.name()))) {
        throw refused("output tensor `" + name + "` stands twice");
      }
      outputs.add(output);
    }
    return outputs;
  }

  private static long[] readShape(JsonParser json, int position)
      throws IOException, RefusedException {
    String where = "`inputs[" + position + "].shape` must be an array of at most 8 whole numbers";
    if (!json.isExpectedStartArrayToken()) {
      throw refused(where);
    }
    long[] shape = new long[DIMENSIONS_MAX];
    int count = 0;
    while (json.nextToken() != JsonToken.END_ARRAY) {
      boolean isCount =
          json.currentToken() == JsonToken.VALUE_NUMBER_INT
              && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER
              && json.getLongValue() >= 0;
      if (!isCount || count == DIMENSIONS_MAX) {
        throw refused(where + ", none below 0");
      }
      shape[count++] = json.getLongValue();
    }
    return Arrays.copyOf(shape, count);
  }

  private static String readText(JsonParser json, String where, int lengthMax)
      throws IOException, RefusedException {
    if (json.currentToken() != JsonToken.VALUE_STRING || json.getTextLength() > lengthMax) {
      throw refused("`" + where + "` must be a string of at most " + lengthMax + " characters");
    }
    return json.getText();
  }

  private String expectedInputs() {
    return spec.inputs().stream().map(OipReader::described).collect(commas());
  }

  private static Collector<CharSequence, ?, String> commas() {
    return Collectors.joining(", ");
  }

  private static String described(TensorSpec tensor) {
    return "`" + tensor.name() + "` " + tensor.datatype() + " " + tensor.shapeText();
  }

  private static String shapeRule(TensorSpec tensor) {
    boolean open = tensor.shape().stream().anyMatch(dimension -> dimension < 0);
    return tensor.shapeText() + (open ? ", where -1 is any number from 1" : "");
  }

  private static int indexOf(List<TensorSpec> tensors, String name) {
    for (int i = 0; i < tensors.size(); i++) {
      if (tensors.get(i).name().equals(name)) {
        return i;
      }
    }
    return -1;
  }

  /// Gives a caller's word in a form that is safe to send back: short, and printable ASCII only.
  private static String shown(String text) {
    String safe =
        text.codePoints().limit(64).mapToObj(OipReader::shown).collect(Collectors.joining());
    return "`" + safe + (text.length() > 64 ? "..." : "") + "`";
  }

  private static String shown(int character) {
    boolean printable = character > ' ' && character < 127 && character != '`';
    return printable ? Character.toString(character) : "?";
  }

  private static String explain(JsonProcessingException fault) {
    String original = String.valueOf(fault.getOriginalMessage());
    JsonLocation location = fault.getLocation();
    String where =
        location == null
            ? ""
            : " at line " + location.getLineNr() + ", column " + location.getColumnNr();
    String what = "the body is not valid JSON";
    if (original.startsWith("Duplicate")) {
      what = "a member stands twice in one object";
    } else if (original.startsWith("Non-standard token")) {
      what = "NaN and Infinity are not JSON numbers; send finite values only";
    } else if (original.contains("exceeds the maximum")) {
      what = "the JSON is nested too deep, or a name, string or number is too long";
    }
    return what + where;
  }

  private static RefusedException refused(String message) {
    return new RefusedException(Refusal.badRequest(message));
  }

  /// An output that is wanted, and whether in raw bytes; `null` where it does not say.
  private record Wanted(String name, @Nullable Boolean binary) {}
}
