package triage.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import triage.admission.Criticality;
import triage.identity.Role;

/// OpenAI's API: what reaches the model server, what comes back, and what a refused caller reads.
final class OpenAiIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CHAT = "/v1/chat/completions";
  private static final String ASK = "{\"model\":\"m\"}";
  private static final String SLASHED = "meta-llama/Llama-3.1:8b";
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

  @TempDir static Path folder;

  private static ScriptedServer server;
  private static RunningService service;

  @BeforeAll
  static void start() throws Exception {
    server = ScriptedServer.start();
    String backends = "backends: [{url: '" + server.url() + "'}]";
    service =
        RunningService.start(
            folder,
            """
            models:
              m: {bodyBytesMax: 4MiB, breaker: {failures: 1000, of: 1000}, %1$s}
              brittle: {breaker: {failures: 1, of: 1, openFor: 1m}, %1$s}
              gpt-3.5-turbo: {%1$s}
              hf-text-embedding-openai: {%1$s}
              '%2$s': {%1$s}
              chat: {protocols: [openai], %1$s}
              tensors: {protocols: [oip], %1$s}
              file: {backends: [{file: "%3$s"}]}
            """
                .formatted(
                    backends,
                    SLASHED,
                    Path.of(
                        System.getProperty("triage.home"), "examples/models/breast-cancer.onnx")));
  }

  @AfterAll
  static void stop() throws Exception {
    service.close();
    server.close();
  }

  @BeforeEach
  void answerAnything() {
    server.follow(ScriptedServer.answering(OK, "{}".getBytes(UTF_8)));
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/chat/completions, chat_completion, gpt-3.5-turbo, 01",
    "/v1/completions, completion, gpt-3.5-turbo, 02",
    "/v1/embeddings, embedding, hf-text-embedding-openai, 03",
  })
  void relaysTheVeryBytesBothWays(String path, String recorded, String model, String trace)
      throws Exception {
    byte[] question = fixture(recorded + "_create_params.json");
    byte[] answer = fixture(recorded + ".json");
    server.follow(ScriptedServer.answering(OK + "X-Request-Id: r-1\r\n", answer));
    String traceId = "4bf92f3577b34da6a3ce929d0e0e47" + trace;
    HttpResponse<byte[]> given =
        service.exchange(
            service
                .request(path + "?api-version=2")
                .header("Content-Type", "application/json")
                .header("OpenAI-Organization", "org")
                .header("Priority", "u=1")
                .header("traceparent", "00-" + traceId + "-00f067aa0ba902b7-01")
                .POST(HttpRequest.BodyPublishers.ofByteArray(question))
                .build());

    assertThat(given.statusCode()).isEqualTo(200);
    assertThat(given.body()).isEqualTo(answer);
    assertThat(given.headers().firstValue("X-Request-Id")).hasValue("r-1");
    assertThat(given.headers().firstValue("Triage-Model")).hasValue(model);
    assertThat(given.headers().firstValue("Triage-Backend")).hasValue(model + "-0");
    ScriptedServer.Asked seen = server.asked();
    assertThat(seen.head()).startsWith("POST " + path + "?api-version=2 HTTP/1.1\r\n");
    assertThat(seen.header("OpenAI-Organization:")).isEqualTo("org");
    assertThat(seen.head()).doesNotContain("Bearer", "Priority");
    assertThat(seen.body()).isEqualTo(question);
    RunningService.await(
        "the row",
        () ->
            service.count(
                    "select count(*) from triage.audit_exchange where verdict = 'served' and"
                        + " status = 200 and input_sha256 is not null and trace_id = '"
                        + traceId
                        + "'")
                == 1);
  }

  @Test
  void listsTheModelsThatCanBeAskedHere() throws Exception {
    JsonNode all = JSON.readTree(service.get("/v1/models").body());
    assertThat(all.get("object").textValue()).isEqualTo("list");
    assertThat(all.get("data").findValuesAsText("id"))
        .containsExactly(
            "m", "brittle", "gpt-3.5-turbo", "hf-text-embedding-openai", SLASHED, "chat");
    JsonNode one = JSON.readTree(service.get("/v1/models/chat").body());
    assertThat(one).isEqualTo(all.get("data").get(5));
    assertThat(one.get("object").textValue()).isEqualTo("model");
    assertThat(one.get("created").isIntegralNumber()).isTrue();
    assertThat(one.get("owned_by").textValue()).isEqualTo("triage");
  }

  @Test
  void findsAModelWithASlashAndAColonInItsName() throws Exception {
    assertThat(service.post(CHAT, "{\"model\":\"" + SLASHED + "\"}").statusCode()).isEqualTo(200);
    JsonNode one = JSON.readTree(service.get("/v1/models/" + SLASHED).body());
    assertThat(one.get("id").textValue()).isEqualTo(SLASHED);
  }

  @Test
  void servesEachModelInItsOwnProtocols() throws Exception {
    for (String name : new String[] {"tensors", "file"}) {
      HttpResponse<String> refused = service.post(CHAT, "{\"model\":\"" + name + "\"}");
      assertRefused(refused, 404, "not_found_error", "model_not_found", false);
      assertThat(refused.body()).contains("is served under /v2 only");
      assertThat(service.get("/v1/models/" + name).statusCode()).isEqualTo(404);
    }
    assertThat(service.post("/v2/models/m/infer", "{}").statusCode()).isEqualTo(200);
    HttpResponse<String> refused = service.post("/v2/models/chat/infer", "{}");
    assertThat(refused.statusCode()).isEqualTo(404);
    assertThat(refused.body()).contains("is served under /v1 only");
  }

  @Test
  void streamsALongBodyWhoseModelComesFirst() throws Exception {
    String body = "{\"model\":\"m\",\"input\":\"" + "x".repeat(3 << 20) + "\"}";
    assertThat(service.post("/v1/embeddings", body).statusCode()).isEqualTo(200);
    assertThat(server.asked().body()).isEqualTo(body.getBytes(UTF_8));

    // No more of the body is sent than is read: an answer that comes before the rest of it would
    // otherwise be lost with the connection.
    String begun = "{\"input\":\"";
    String late = begun + "x".repeat((256 << 10) - begun.length());
    assertThat(raw(1 << 20, late))
        .startsWith("HTTP/1.1 400 ")
        .contains("x-should-retry: false\r\n", "put it first", "\"param\":\"model\"");
    String early = "{\"model\":\"m\",\"input\":\"";
    String tooLong = early + "x".repeat((256 << 10) - early.length());
    assertThat(raw((4 << 20) + 1, tooLong))
        .startsWith("HTTP/1.1 413 ")
        .contains("x-should-retry: false\r\n", "\"type\":\"invalid_request_error\"");
    assertThat(server.wasAsked()).isFalse();
  }

  /// Sends a request that announces so many bytes of body, of which these come.
  private static String raw(int length, String begun) throws IOException {
    return RawHttp.send(
        service.port("application"),
        "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
            + service.token()
            + "\r\nConnection: close\r\nContent-Length: "
            + length
            + "\r\n\r\n"
            + begun);
  }

  @Test
  void saysWhatIsWrongInOpenAisForm() throws Exception {
    HttpResponse<String> unknown = service.post(CHAT, "{\"model\":\"gpt-5\"}");
    assertRefused(unknown, 404, "not_found_error", "model_not_found", false);
    assertThat(error(unknown).get("param").textValue()).isEqualTo("model");
    assertThat(error(unknown).get("message").textValue()).contains("`gpt-5`", "/v1/models");
    assertRefused(service.post(CHAT, "{]"), 400, "invalid_request_error", null, false);
    assertRefused(service.get(CHAT), 405, "invalid_request_error", null, false);
    assertRefused(service.post("/v1/files", "{}"), 404, "not_found_error", null, false);
    assertRefused(service.get("/v1"), 404, "not_found_error", null, false);
    assertRefused(service.post(CHAT + "/x", "{}"), 404, "not_found_error", null, false);
    assertRefused(
        service.post(CHAT, ASK, "Content-Encoding", "gzip"),
        415,
        "invalid_request_error",
        null,
        false);
    assertRefused(
        service.post(CHAT, ASK, "Request-Timeout", "soon"),
        400,
        "invalid_request_error",
        null,
        false);
    HttpResponse<String> nobody =
        service.send(HttpRequest.newBuilder(service.api("/v1/models")).GET().build());
    assertRefused(nobody, 401, "authentication_error", "invalid_api_key", false);
    HttpResponse<String> readerOnly =
        service.send(
            HttpRequest.newBuilder(service.api(CHAT))
                .header(
                    "Authorization",
                    "Bearer " + service.token("reader", Criticality.CRITICAL, Role.READ))
                .POST(HttpRequest.BodyPublishers.ofString(ASK))
                .build());
    assertRefused(readerOnly, 403, "permission_error", null, false);
    assertThat(
            RawHttp.send(
                service.port("application"),
                "GET /v1/%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 400 ")
        .contains("x-should-retry: false\r\n", "{\"error\":{\"message\":");
    assertThat(server.wasAsked()).isFalse();
  }

  @Test
  void refusesAQueryThatCannotBeSentOn() throws Exception {
    assertThat(
            RawHttp.send(
                service.port("application"),
                "POST /v1/completions?a=<b> HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                    + service.token()
                    + "\r\nConnection: close\r\nContent-Length: 13\r\n\r\n"
                    + ASK))
        .startsWith("HTTP/1.1 400 ")
        .contains("percent-encoded");
    assertThat(server.wasAsked()).isFalse();
  }

  @Test
  void saysWhetherAndWhenToComeBack() throws Exception {
    server.follow((_, wire) -> {
      wire.awaitClose();
      return false;
    });
    HttpResponse<String> late = service.post(CHAT, ASK, "Request-Timeout", "0.2");
    assertRefused(late, 504, "server_error", "deadline-exceeded", false);
    assertThat(late.headers().firstValue("Triage-Reason")).hasValue("deadline-exceeded");

    server.follow((_, _) -> false);
    String brittle = "{\"model\":\"brittle\"}";
    assertRefused(service.post(CHAT, brittle), 503, "server_error", "no-backend", true);
    HttpResponse<String> open = service.post(CHAT, brittle);
    assertRefused(open, 503, "server_error", "breaker-open", true);
    assertThat(open.headers().firstValue("Triage-Reason")).hasValue("breaker-open");
  }

  @Test
  void shedsAtTheDoorInOpenAisForm() throws Exception {
    HttpRequest request = service.request("/v1/models").header("Priority", "u=7").GET().build();
    assertThat(service.send(request).statusCode()).isEqualTo(200);
    service.pretendUsage(50);
    try {
      HttpResponse<String>[] shed = new HttpResponse[1];
      RunningService.await(
          "shed",
          () -> {
            shed[0] = service.send(request);
            return shed[0].statusCode() == 503;
          });
      assertRefused(shed[0], 503, "server_error", "shed-pressure", true);
    } finally {
      service.pretendUsage(0);
      RunningService.await("calm again", () -> service.send(request).statusCode() == 200);
    }
  }

  @ParameterizedTest
  @CsvSource({"400, backend-refused", "422, backend-refused", "429, ''", "500, ''", "503, ''"})
  void relaysTheServersOwnErrorsAsTheyAre(int status, String reason) {
    byte[] body = "{\"error\": {\"message\": \"own words\", \"type\": \"x\"}}\n".getBytes(UTF_8);
    server.follow(
        ScriptedServer.answering(
            "HTTP/1.1 "
                + status
                + " Own\r\nContent-Type: application/json\r\nRetry-After: 7\r\n"
                + "x-should-retry: false\r\n",
            body));
    HttpResponse<String> answer = service.post(CHAT, "{\"model\":\"m\",\"stream\":true}");
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(answer.body().getBytes(UTF_8)).isEqualTo(body);
    assertThat(answer.headers().allValues("Retry-After")).containsExactly("7");
    assertThat(answer.headers().allValues("x-should-retry")).containsExactly("false");
    assertThat(answer.headers().firstValue("Triage-Reason").orElse("")).isEqualTo(reason);
  }

  private static JsonNode error(HttpResponse<String> answer) throws IOException {
    return JSON.readTree(answer.body()).get("error");
  }

  private static void assertRefused(
      HttpResponse<String> answer, int status, String type, String code, boolean again)
      throws IOException {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    JsonNode error = error(answer);
    assertThat(Arrays.asList("message", "type", "param", "code")).allMatch(error::has);
    assertThat(error.get("message").textValue()).isNotBlank();
    assertThat(error.get("type").textValue()).isEqualTo(type);
    assertThat(error.get("code").textValue()).isEqualTo(code);
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/json");
    assertThat(answer.headers().allValues("x-should-retry")).containsExactly(String.valueOf(again));
    assertThat(answer.headers().firstValue("Retry-After").isPresent()).isEqualTo(again);
  }

  private static byte[] fixture(String name) throws IOException {
    try (var stream = OpenAiIT.class.getResourceAsStream("/openai/" + name)) {
      return stream.readAllBytes();
    }
  }
}
