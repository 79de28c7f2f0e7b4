package triage.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Raw tensors and encoded bodies: untouched on their way to a model server, decoded for a model in
/// process.
final class BinaryTensorIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String LENGTH = "Inference-Header-Content-Length";

  @TempDir static Path folder;

  private static ScriptedServer server;
  private static RunningService service;
  private static JsonNode golden;

  @BeforeAll
  static void start() throws Exception {
    Path models = Path.of(System.getProperty("triage.home"), "examples", "models");
    golden = JSON.readTree(models.resolve("breast-cancer.golden.json").toFile());
    server = ScriptedServer.start();
    service =
        RunningService.start(
            folder,
            """
            models:
              remote: {backends: [{url: '%s'}]}
              local: {bodyBytesMax: 64KiB, backends: [{file: '%s'}]}
            """
                .formatted(server.url(), models.resolve("breast-cancer.onnx")));
  }

  @AfterAll
  static void stop() throws Exception {
    service.close();
    server.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "deflate"})
  void goUntouchedToAModelServerAndBack(String encoding) throws Exception {
    byte[] question = encoded(encoding, raw(header(1, 2, "true"), 1));
    byte[] answer = encoded(encoding, raw("{\"outputs\":[]}", 0));
    server.follow(
        ScriptedServer.answering(
            "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Encoding: "
                + encoding
                + "\r\n"
                + LENGTH
                + ": 14\r\n",
            answer));
    HttpResponse<byte[]> given =
        service.exchange(
            service
                .request("/v2/models/remote/infer")
                .header(LENGTH, "77")
                .header("Content-Encoding", encoding)
                .header("Accept-Encoding", "gzip, deflate")
                .POST(HttpRequest.BodyPublishers.ofByteArray(question))
                .build());

    assertThat(given.statusCode()).isEqualTo(200);
    assertThat(given.body()).isEqualTo(answer);
    assertThat(given.headers().allValues(LENGTH)).containsExactly("14");
    assertThat(given.headers().allValues("Content-Encoding")).containsExactly(encoding);
    assertThat(given.headers().allValues("Content-Type"))
        .containsExactly("application/octet-stream");
    ScriptedServer.Asked seen = server.asked();
    assertThat(seen.body()).isEqualTo(question);
    assertThat(seen.header(LENGTH)).isEqualTo("77");
    assertThat(seen.header("Content-Encoding")).isEqualTo(encoding);
    assertThat(seen.header("Accept-Encoding")).isEqualTo("gzip, deflate");
    // tritonclient sends none, and none is made up.
    assertThat(seen.header("Content-Type")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"identity", "gzip", "deflate"})
  void areDecodedForAModelInProcess(String encoding) throws Exception {
    String header = header(20, 20 * 240, "true");
    HttpResponse<byte[]> answer = ask(encoding, header.length(), raw(header, 20));

    assertThat(answer.statusCode()).as(new String(answer.body(), UTF_8)).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/octet-stream");
    int length = (int) answer.headers().firstValueAsLong(LENGTH).orElseThrow();
    JsonNode output = JSON.readTree(Arrays.copyOf(answer.body(), length)).get("outputs").get(0);
    assertThat(output.get("shape").toString()).isEqualTo("[20,2]");
    assertThat(output.get("datatype").textValue()).isEqualTo("FP64");
    assertThat(output.has("data")).isFalse();
    assertThat(output.get("parameters").get("binary_data_size").intValue()).isEqualTo(320);
    assertThat(answer.body()).hasSize(length + 320);
    ByteBuffer values = ByteBuffer.wrap(answer.body(), length, 320).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 40; i++) {
      assertThat(values.getDouble())
          .isCloseTo(golden.get("probability").get(i / 2).get(i % 2).doubleValue(), within(1e-5));
    }
  }

  @Test
  void areAnsweredInJsonUnlessAskedFor() throws Exception {
    String header = header(1, 240, "false");
    HttpResponse<byte[]> answer = ask("identity", header.length(), raw(header, 1));
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/json");
    assertThat(answer.headers().firstValue(LENGTH)).isEmpty();
    assertThat(JSON.readTree(answer.body()).get("outputs").get(0).get("data")).hasSize(2);
  }

  @Test
  void areRefusedWithWhatIsWrong() throws Exception {
    String header = header(1, 240, "true");
    assertRefused(ask("identity", 100_000, raw(header, 1)), 400, "0 to ");
    assertRefused(ask("identity", header.length(), raw(header, 2)), 400, "belong to no tensor");
    assertRefused(ask("identity", header.length(), raw(header, 0)), 400, "0 bytes are left");
    assertRefused(ask("br", header.length(), raw(header, 1)), 415, "gzip, deflate");
    String large = header(1000, 240_000, "true");
    assertRefused(ask("gzip", large.length(), raw(large, 1000)), 413, "decodes to more than 65536");
  }

  @Test
  void areAnExtensionThatTheServerNames() throws Exception {
    assertThat(JSON.readTree(service.get("/v2").body()).get("extensions").toString())
        .isEqualTo("[\"binary_tensor_data\"]");
  }

  private static HttpResponse<byte[]> ask(String encoding, int length, byte[] plain)
      throws Exception {
    return service.exchange(
        service
            .request("/v2/models/local/infer")
            .header(LENGTH, String.valueOf(length))
            .header("Content-Encoding", encoding)
            .POST(HttpRequest.BodyPublishers.ofByteArray(encoded(encoding, plain)))
            .build());
  }

  private static void assertRefused(HttpResponse<byte[]> answer, int status, String text)
      throws IOException {
    assertThat(answer.statusCode()).as(new String(answer.body(), UTF_8)).isEqualTo(status);
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/json");
    assertThat(JSON.readTree(answer.body()).get("error").textValue()).contains(text);
  }

  private static String header(int rows, int size, String binary) {
    return """
    {"inputs":[{"name":"x","shape":[%d,30],"datatype":"FP64",\
    "parameters":{"binary_data_size":%d}}],\
    "outputs":[{"name":"probability","parameters":{"binary_data":%s}}]}\
    """
        .formatted(rows, size, binary);
  }

  /// Gives JSON and after it so many of the golden rows, from the first again after the last.
  private static byte[] raw(String json, int rows) {
    byte[] head = json.getBytes(UTF_8);
    ByteBuffer body =
        ByteBuffer.allocate(head.length + rows * 240).order(ByteOrder.LITTLE_ENDIAN).put(head);
    for (int i = 0; i < rows * 30; i++) {
      body.putDouble(golden.get("x").get(i / 30 % 20).get(i % 30).doubleValue());
    }
    return body.array();
  }

  private static byte[] encoded(String encoding, byte[] plain) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (var stream =
        switch (encoding) {
          case "gzip" -> new GZIPOutputStream(bytes);
          case "deflate" -> new DeflaterOutputStream(bytes);
          default -> bytes;
        }) {
      stream.write(plain);
    }
    return bytes.toByteArray();
  }
}
