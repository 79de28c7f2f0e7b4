package triage.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Tensors of each datatype through a model in process that gives back what it gets.
final class DatatypesIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> LABELS =
      List.of("\u00e4 \u00f0\u00bb\u00bf\u00bf \u20ac", "\ud83d\ude00", "a\0b");
  private static final String LENGTH = "Inference-Header-Content-Length";

  /// The datatypes, by their numbers in ONNX's files.
  private static final Map<String, Integer> NUMBERS =
      Map.ofEntries(
          Map.entry("FP32", 1),
          Map.entry("UINT8", 2),
          Map.entry("INT8", 3),
          Map.entry("UINT16", 4),
          Map.entry("INT16", 5),
          Map.entry("INT32", 6),
          Map.entry("INT64", 7),
          Map.entry("BYTES", 8),
          Map.entry("BOOL", 9),
          Map.entry("FP16", 10),
          Map.entry("FP64", 11),
          Map.entry("UINT32", 12),
          Map.entry("UINT64", 13));

  @TempDir static Path folder;

  private static RunningService service;

  @BeforeAll
  static void start() throws Exception {
    for (Map.Entry<String, Integer> type : NUMBERS.entrySet()) {
      Files.write(folder.resolve(type.getKey() + ".onnx"), IdentityModel.of(type.getValue()));
    }
    List<String> models = new ArrayList<>(NUMBERS.keySet());
    for (String label : LABELS) {
      String name = "label-" + LABELS.indexOf(label);
      Files.write(folder.resolve(name + ".onnx"), IdentityModel.answering(label.getBytes(UTF_8)));
      models.add(name);
    }
    service =
        RunningService.start(
            folder,
            models.stream()
                .map(name ->
                    "  %s: {backends: [{file: '%s'}]}\n"
                        .formatted(name, folder.resolve(name + ".onnx")))
                .collect(Collectors.joining("", "models:\n", "")));
  }

  @AfterAll
  static void stop() throws Exception {
    service.close();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "BOOL  | [true,false,true]                          | 010001",
        "UINT8 | [0,200,255]                                | 00c8ff",
        "INT8  | [-128,-1,127]                              | 80ff7f",
        "INT16 | [-32768,-2,32767]                          | 0080feffff7f",
        "INT32 | [-2147483648,-2,2147483647]                | 00000080feffffffffffff7f",
        "INT64 | [-9223372036854775808,9007199254740993]    | 00000000000000800100000000002000",
        "UINT16| [0,32768,65535]                            | 00000080ffff",
        "UINT32| [1,2147483648,4294967295]                  | 0100000000000080ffffffff",
        "UINT64| [9223372036854775808,18446744073709551615] | 0000000000000080ffffffffffffffff",
        "BYTES | [\"a\u00e4\",\"\",\"\u20ac\"]                         | 0300000061c3a4"
            + "0000000003000000e282ac",
        "FP16  | [0.5,-2.0,65504.0]                         | 003800c0ff7b",
        "FP32  | [0.1,-2.5]                                 | cdcccc3d000020c0",
        "FP64  | [0.1,-2.5]                                 | 9a9999999999b93f00000000000004c0",
      })
  void passUnchanged(String datatype, String json, String hex) throws Exception {
    byte[] raw = HexFormat.of().parseHex(hex);
    int count = JSON.readTree(json).size();
    String start =
        "{\"inputs\":[{\"name\":\"x\",\"shape\":[%d],\"datatype\":\"%s\","
            .formatted(count, datatype);
    String plain = start + "\"data\":" + json + "}]}";
    JsonNode output = output(ask(datatype, plain, new byte[0]), -1);
    assertThat(output.get("datatype").textValue()).isEqualTo(datatype);
    assertThat(output.get("data").toString()).isEqualTo(json);

    String head =
        start
            + "\"parameters\":{\"binary_data_size\":"
            + raw.length
            + "}}],\"parameters\":{\"binary_data_output\":true}}";
    HttpResponse<byte[]> answer = ask(datatype, head, raw);
    int length = (int) answer.headers().firstValueAsLong(LENGTH).orElseThrow();
    assertThat(output(answer, length).get("datatype").textValue()).isEqualTo(datatype);
    assertThat(Arrays.copyOfRange(answer.body(), length, answer.body().length)).isEqualTo(raw);
  }

  @Test
  void textOfTheModelsOwnIsAnsweredWholeOrNotAtAll() throws Exception {
    String ask = "{\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]}]}";
    JsonNode output = output(ask("label-0", ask, new byte[0]), -1);
    assertThat(output.get("datatype").textValue()).isEqualTo("BYTES");
    assertThat(output.get("data").get(0).textValue()).isEqualTo(LABELS.get(0));
    for (String lost : List.of("label-1", "label-2")) {
      HttpResponse<byte[]> answer = ask(lost, ask, new byte[0]);
      assertThat(answer.statusCode()).isEqualTo(500);
      assertThat(new String(answer.body(), UTF_8)).contains("the log tells why");
    }
  }

  private static JsonNode output(HttpResponse<byte[]> answer, int length) throws Exception {
    String text = new String(answer.body(), UTF_8);
    assertThat(answer.statusCode()).as(text).isEqualTo(200);
    byte[] json = length < 0 ? answer.body() : Arrays.copyOf(answer.body(), length);
    return JSON.readTree(json).get("outputs").get(0);
  }

  private static HttpResponse<byte[]> ask(String model, String json, byte[] raw) throws Exception {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.writeBytes(json.getBytes(UTF_8));
    body.writeBytes(raw);
    return service.exchange(
        service
            .request("/v2/models/" + model + "/infer")
            .header(LENGTH, String.valueOf(body.size() - raw.length))
            .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray()))
            .build());
  }
}
