package triage.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import triage.backend.Datatype;
import triage.backend.ModelSpec;
import triage.backend.TensorSpec;

final class OipReaderTest {
  private static final ModelSpec PAIRS =
      new ModelSpec(
          "test",
          List.of(new TensorSpec("x", Datatype.FP64, List.of(-1L, 2L))),
          List.of(new TensorSpec("y", Datatype.FP64, List.of(-1L, 1L))));

  @Test
  void readsFlatData() throws RefusedException {
    OipInference inference =
        read(
            """
            {"id":"7","inputs":[{"name":"x","shape":[2,2],"datatype":"FP64","data":[1,2.5,-3e2,4]}]}
            """);
    assertThat(inference.id()).isEqualTo("7");
    assertThat(inference.inputs().getFirst().spec().shape()).containsExactly(2L, 2L);
    assertThat(values(inference)).containsExactly(1, 2.5, -300, 4);
  }

  @Test
  void readsNestedDataAndMembersInAnyOrder() throws RefusedException {
    OipInference inference =
        read(
            """
            {"outputs":[{"name":"y"}],"parameters":{"a":1},"unknown":{"deep":[1]},
             "inputs":[{"data":[[1,2],[3,4]],"datatype":"FP64","shape":[2,2],"name":"x"}]}
            """);
    assertThat(values(inference)).containsExactly(1, 2, 3, 4);
    assertThat(inference.outputs()).containsExactly("y");
    assertThat(inference.id()).isNull();
  }

  @Test
  void keepsEveryDigitOfADouble() throws RefusedException {
    OipInference inference = read(body("[1,2]", "FP64", "[0.1234567890123456789,17.99]"));
    assertThat(values(inference)).containsExactly(0.1234567890123456789, 17.99);
  }

  @ParameterizedTest(name = "{2}")
  @CsvSource(
      delimiter = '|',
      value = {
        "[1,2] | INT64 | datatype is `INT64` (expected: FP64)",
        "[1,3] | FP64 | shape is [1, 3] (expected: [-1,2], where -1 is any number from 1)",
        "[2] | FP64 | shape is [2]",
        "[0,2] | FP64 | shape is [0, 2]",
        "[2,2] | FP64 | `data` has 2 elements (expected by its shape: 4)",
        "[9223372036854775807,2] | FP64 | shape asks for more elements than a body can hold",
      })
  void namesTheTensorThatDoesNotFit(String shape, String datatype, String expected) {
    assertThat(refusal(body(shape, datatype, "[1,2]")))
        .contains("input tensor `x`")
        .contains(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[[1,2],[3]]",
        "[[1],[2],[3],[4]]",
        "[[[1,2],[3,4]]]",
        "[1,[2,3],4]",
        "[1,\"2\",3,4]",
        "[1,null,3,4]",
        "[1,true,3,4]",
        "[1,{},3,4]",
        "[1,1e999,3,4]",
        "{}",
        "\"AAAA\"",
      })
  void refusesDataThatAreNoTensorOfThisShape(String data) {
    assertThat(refusal(body("[2,2]", "FP64", data))).startsWith("input tensor `x`: `data`");
  }

  @Test
  void namesTheMissingAndTheExtraTensor() {
    assertThat(refusal("{\"inputs\":[]}")).isEqualTo("input tensor `x` FP64 [-1,2] is missing");
    assertThat(
            refusal(
                "{\"inputs\":[{\"name\":\"z\",\"shape\":[1],\"datatype\":\"FP64\",\"data\":[1]}]}"))
        .isEqualTo("input tensor `z` is not one of this model's: `x` FP64 [-1,2]");
    assertThat(refusal("{}")).startsWith("`inputs` is missing");
    String tensor = "{\"name\":\"x\",\"shape\":[1,2],\"datatype\":\"FP64\",\"data\":[1,2]}";
    assertThat(refusal("{\"inputs\":[" + tensor + "," + tensor + "]}"))
        .isEqualTo("input tensor `x` stands twice");
    assertThat(refusal("{\"inputs\":[" + tensor + "],\"outputs\":[{\"name\":\"q\"}]}"))
        .isEqualTo("output tensor `q` is not one of this model's: `y` FP64 [-1,1]");
  }

  @ParameterizedTest(name = "{1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "{\"inputs\":[{\"data\":[NaN]}]} | NaN and Infinity are not JSON numbers",
        "{\"id\":\"a\",\"id\":\"b\"} | a member stands twice in one object at line 1",
        "{\"inputs\": | the body is not valid JSON at line 1",
        "[] | the body must be one JSON object",
        "{\"inputs\":[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]} | must be an object",
        "{\"id\":5,\"inputs\":[]} | `id` must be a string",
        "{\"x\":[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]} | nested too deep",
        "{\"parameters\":{\"binary_data_output\":1}} | data_output` must be true or false",
        "{\"inputs\":[{\"parameters\":{\"binary_data_size\":-1}}]} | must be a whole number, 0 to",
        "{\"inputs\":[{\"parameters\":{\"binary_data_size\":9e9}}]} | must be a whole number, 0",
        "{\"inputs\":[{\"parameters\":{\"binary_data_size\":9999999999}}]} | must be a whole",
      })
  void saysWhatIsWrongWithTheJson(String json, String expected) {
    assertThat(refusal(json)).contains(expected);
  }

  @Test
  void refusesWhatFollowsTheObject() {
    String whole = body("[1,2]", "FP64", "[1,2]");
    assertThat(refusal(whole + "{}")).contains("something follows");
    assertThat(refusal(whole + "x")).contains("not valid JSON");
  }

  @Test
  void readsRawData() throws RefusedException {
    String json = rawTensor(16, "");
    OipInference inference = read(raw(json, 0.1234567890123456789, -17.99), json.length());
    assertThat(values(inference)).containsExactly(0.1234567890123456789, -17.99);
    assertThat(inference.binaryOutputs()).isEmpty();
  }

  @Test
  void namesWhatIsWrongWithRawData() {
    assertThat(rawRefusal(rawTensor(24, ""), 1, 2))
        .contains("`x`", "is 24, but 16 bytes are left", "Inference-Header-Content-Length");
    assertThat(rawRefusal(rawTensor(16, ""), 1, 2, 3)).contains("8 bytes follow the JSON");
    assertThat(rawRefusal(rawTensor(8, ""), 1)).contains("has 1 elements (expected by its shape");
    assertThat(rawRefusal(rawTensor(15, ""), 1, 2))
        .contains("a multiple of 8, the size of one FP64");
    assertThat(rawRefusal(rawTensor(16, "\"data\":[1,2],"), 1, 2)).contains("send one of them");
    assertThat(rawRefusal(rawTensor(16, ""), 1, Double.NaN)).contains("out of range at element 1");
    assertThat(rawRefusal(body("[1,2]", "FP64", "[1,2]"), 1)).contains("belong to no tensor");
  }

  @Test
  void knowsWhichOutputsAreWantedRaw() throws RefusedException {
    String inputs = body("[1,2]", "FP64", "[1,2]").replaceFirst("}$", "");
    String all = inputs + ",\"parameters\":{\"binary_data_output\":true}";
    String one = ",\"outputs\":[{\"name\":\"y\",\"parameters\":{\"binary_data\":%s}}]}";
    assertThat(read(all + "}").binaryOutputs()).containsExactly("y");
    assertThat(read(all + one.formatted("false")).binaryOutputs()).isEmpty();
    assertThat(read(inputs + one.formatted("true")).binaryOutputs()).containsExactly("y");
    assertThat(read(inputs + one.formatted("false")).binaryOutputs()).isEmpty();
  }

  @Test
  void refusesInvalidUtf8() {
    byte[] bytes = "{\"id\":\"??\",\"inputs\":[]}".getBytes(UTF_8);
    bytes[7] = (byte) 0xC3;
    bytes[8] = (byte) 0x28;
    RefusedException refused =
        catchThrowableOfType(RefusedException.class, () -> read(bytes, bytes.length));
    assertThat(refused.refusal().status()).isEqualTo(400);
  }

  @Test
  void sendsBackNoMoreOfAHostileNameThanAShortPrintableForm() {
    String hostile = "\\u0000<script>`" + "a".repeat(100);
    String message =
        refusal(
            "{\"inputs\":[{\"name\":\""
                + hostile
                + "\",\"shape\":[1],\"datatype\":\"FP64\","
                + "\"data\":[1]}]}");
    assertThat(message).contains("`?<script>?aaa").doesNotContain("\0").hasSizeLessThan(200);
  }

  private static OipInference read(String json) throws RefusedException {
    byte[] bytes = json.getBytes(UTF_8);
    return read(bytes, bytes.length);
  }

  private static OipInference read(byte[] body, int jsonLength) throws RefusedException {
    return new OipReader(PAIRS, new OipBody(body, jsonLength)).read();
  }

  /// Gives JSON whose tensor is raw, followed by these numbers as FP64.
  private static byte[] raw(String json, double... values) {
    byte[] head = json.getBytes(UTF_8);
    ByteBuffer body =
        ByteBuffer.allocate(head.length + values.length * 8).order(ByteOrder.LITTLE_ENDIAN);
    body.put(head);
    for (double value : values) {
      body.putDouble(value);
    }
    return body.array();
  }

  private static String rawTensor(int size, String more) {
    return "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,2],\"datatype\":\"FP64\","
        + more
        + "\"parameters\":{\"binary_data_size\":"
        + size
        + "}}]}";
  }

  private static String rawRefusal(String json, double... values) {
    RefusedException refused =
        catchThrowableOfType(RefusedException.class, () -> read(raw(json, values), json.length()));
    assertThat(refused.refusal().status()).isEqualTo(400);
    return refused.refusal().message();
  }

  private static String refusal(String json) {
    RefusedException refused = catchThrowableOfType(RefusedException.class, () -> read(json));
    assertThat(refused).as("refused: " + json).isNotNull();
    assertThat(refused.refusal().status()).isEqualTo(400);
    return refused.refusal().message();
  }

  private static double[] values(OipInference inference) {
    DoubleBuffer elements = inference.inputs().getFirst().view().asDoubleBuffer();
    double[] values = new double[elements.remaining()];
    elements.get(values);
    return values;
  }

  private static String body(String shape, String datatype, String data) {
    return "{\"inputs\":[{\"name\":\"x\",\"shape\":"
        + shape
        + ",\"datatype\":\""
        + datatype
        + "\",\"data\":"
        + data
        + "}]}";
  }
}
