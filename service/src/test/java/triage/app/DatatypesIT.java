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
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Tensors of each datatype through a model in process that gives back what it gets.
final class DatatypesIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String LENGTH = "Inference-Header-Content-Length";

  /// The datatypes, by their numbers in ONNX's files.
  private static final Map<String, Integer> NUMBERS =
      Map.of(
          "FP32", 1, "UINT8", 2, "INT8", 3, "INT16", 5, "INT32", 6, "INT64", 7, "BOOL", 9, "FP16",
          10, "FP64", 11);

  @TempDir static Path folder;

  private static RunningService service;

  @BeforeAll
  static void start() throws Exception {
    for (Map.Entry<String, Integer> type : NUMBERS.entrySet()) {
      Files.write(folder.resolve(type.getKey() + ".onnx"), IdentityModel.of(type.getValue()));
    }
    service =
        RunningService.start(
            folder,
            NUMBERS.keySet().stream()
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
      value = {
        "BOOL  | [true,false,true]                          | 010001",
        "UINT8 | [0,200,255]                                | 00c8ff",
        "INT8  | [-128,-1,127]                              | 80ff7f",
        "INT16 | [-32768,-2,32767]                          | 0080feffff7f",
        "INT32 | [-2147483648,-2,2147483647]                | 00000080feffffffffffff7f",
        "INT64 | [-9223372036854775808,9007199254740993]    | 00000000000000800100000000002000",
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
            .header(LENGTH, String.valueOf(json.length()))
            .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray()))
            .build());
  }
}
