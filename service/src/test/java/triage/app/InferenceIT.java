package triage.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import triage.admission.Criticality;
import triage.identity.Caller;
import triage.identity.IdentitySettings;
import triage.identity.Role;
import triage.identity.TokenIssuer;
import triage.identity.TokenSecret;

/// The default model, in process, over a real port: right answers, and clear errors.
final class InferenceIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String INFER = "/v2/models/breast-cancer/infer";
  private static final double TOLERANCE = 1e-5;

  @TempDir static Path folder;
  private static RunningService service;
  private static JsonNode golden;

  @BeforeAll
  static void start() throws Exception {
    Path models = Path.of(System.getProperty("triage.home"), "examples", "models");
    golden = JSON.readTree(models.resolve("breast-cancer.golden.json").toFile());
    service = RunningService.start(folder, "");
  }

  @AfterAll
  static void stop() throws Exception {
    service.close();
  }

  @Test
  void givesScikitLearnsProbabilitiesRowByRow() throws Exception {
    assertThat(golden.get("x")).hasSize(20);
    for (int row = 0; row < 20; row++) {
      HttpResponse<String> answer =
          service.post(INFER, request("[1,30]", golden.get("x").get(row)));
      assertThat(answer.statusCode()).isEqualTo(200);
      JsonNode output = JSON.readTree(answer.body()).get("outputs").get(0);
      assertThat(output.get("name").textValue()).isEqualTo("probability");
      assertThat(output.get("datatype").textValue()).isEqualTo("FP64");
      assertThat(output.get("shape").toString()).isEqualTo("[1,2]");
      assertThat(output.get("data")).hasSize(2);
      for (int column = 0; column < 2; column++) {
        assertThat(output.get("data").get(column).doubleValue())
            .isCloseTo(
                golden.get("probability").get(row).get(column).doubleValue(), within(TOLERANCE));
      }
    }
  }

  @Test
  void givesScikitLearnsProbabilitiesForABatch() throws Exception {
    HttpResponse<String> answer = service.post(INFER, request("[20,30]", golden.get("x")));
    assertThat(answer.statusCode()).isEqualTo(200);
    JsonNode output = JSON.readTree(answer.body()).get("outputs").get(0);
    assertThat(output.get("shape").toString()).isEqualTo("[20,2]");
    for (int i = 0; i < 40; i++) {
      assertThat(output.get("data").get(i).doubleValue())
          .isCloseTo(
              golden.get("probability").get(i / 2).get(i % 2).doubleValue(), within(TOLERANCE));
    }
  }

  @Test
  void saysWhoAnsweredAndGivesTheIdBack() throws Exception {
    String body = "{\"id\":\"visit-7\"," + row().substring(1);
    HttpResponse<String> answer = service.post("/v2/models/breast-cancer/versions/1/infer", body);
    JsonNode json = JSON.readTree(answer.body());
    assertThat(json.get("id").textValue()).isEqualTo("visit-7");
    assertThat(json.get("model_name").textValue()).isEqualTo("breast-cancer");
    assertThat(json.get("model_version").textValue()).isEqualTo("1");
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/json");
    assertThat(answer.headers().firstValue("Triage-Model")).hasValue("breast-cancer");
    assertThat(answer.headers().firstValue("Triage-Model-Version")).hasValue("1");
    assertThat(answer.headers().firstValue("Triage-Backend")).hasValue("breast-cancer-0");
    assertThat(answer.headers().firstValue("Triage-Attempts")).hasValue("1");
    assertThat(answer.headers().firstValue("Server-Timing").orElseThrow())
        .matches("queue;dur=[0-9.]+, service;dur=[0-9.]+");
  }

  @Test
  void describesServerAndModel() throws Exception {
    assertThat(JSON.readTree(service.get("/v2").body()).get("name").textValue())
        .isEqualTo("triage");
    assertThat(service.get("/v2/").statusCode()).isEqualTo(200);
    for (String path :
        new String[] {"/v2/models/breast-cancer", "/v2/models/breast-cancer/versions/1"}) {
      JsonNode model = JSON.readTree(service.get(path).body());
      assertThat(model.get("versions").toString()).isEqualTo("[\"1\"]");
      assertThat(model.get("platform").textValue()).isEqualTo("onnx_onnxv1");
      assertThat(model.get("inputs").toString())
          .isEqualTo("[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[-1,30]}]");
      assertThat(model.get("outputs").toString())
          .isEqualTo("[{\"name\":\"probability\",\"datatype\":\"FP64\",\"shape\":[-1,2]}]");
      assertThat(service.get(path + "/ready").body())
          .isEqualTo("{\"name\":\"breast-cancer\",\"ready\":true}");
    }
  }

  @Test
  void servesEveryPathOfItsOpenApiDocument() throws Exception {
    JsonNode paths = JSON.readTree(service.get("/openapi.json").body()).get("paths");
    assertThat(paths.size()).isGreaterThan(8);
    for (Map.Entry<String, JsonNode> path : paths.properties()) {
      String real =
          path.getKey()
              .replaceAll("\\{model(_name)?}", "breast-cancer")
              .replaceAll("\\{version}|\\{model_version}", "1")
              .replaceAll("\\{id}|\\{batch}", "breast-cancer");
      for (String method : new String[] {"get", "post"}) {
        if (path.getValue().has(method)) {
          HttpResponse<?> answer = method.equals("get") ? head(real) : service.post(real, row());
          if (real.startsWith("/v1/") || real.startsWith("/api/")) {
            // There is no such model or job: a status that the document names.
            JsonNode responses = path.getValue().get(method).get("responses");
            assertThat(responses.has(String.valueOf(answer.statusCode())))
                .as(method + " " + real + " " + answer.statusCode())
                .isTrue();
            assertThat(answer.statusCode()).as(real).isLessThan(500);
          } else {
            assertThat(answer.statusCode()).as(method + " " + real).isEqualTo(200);
          }
        }
      }
    }
  }

  /// Asks, and reads no more than the head of the answer: some do not end.
  private static HttpResponse<InputStream> head(String path) throws Exception {
    HttpResponse<InputStream> answer = service.stream(service.request(path).GET().build());
    answer.body().close();
    return answer;
  }

  @Test
  void tellsHealthWithoutAToken() {
    for (String path : new String[] {"/v2/health/live", "/v2/health/ready"}) {
      HttpResponse<String> answer =
          service.send(HttpRequest.newBuilder(service.api(path)).GET().build());
      assertThat(answer.statusCode()).isEqualTo(200);
    }
  }

  @Test
  void acceptsABodyWithoutAContentType() {
    HttpResponse<String> answer = service.post(INFER, row());
    assertThat(answer.request().headers().firstValue("Content-Type")).isEmpty();
    assertThat(answer.statusCode()).isEqualTo(200);
  }

  @Test
  void refusesWhoHasNoValidToken() {
    TokenSecret secret = TokenSecret.read(service.data().resolve("token.secret"));
    Instant now = Instant.ofEpochSecond(InstantSource.system().instant().getEpochSecond());
    Instant longAgo = now.minusSeconds(7200);
    TokenIssuer past =
        new TokenIssuer(secret, IdentitySettings.defaults(), () -> longAgo, new Random(1));
    TokenIssuer foreign =
        new TokenIssuer(
            TokenSecret.readOrMake(folder.resolve("foreign.secret")),
            IdentitySettings.defaults(),
            InstantSource.system(),
            new Random(2));
    String expired = past.issue(caller(longAgo.plusSeconds(60)));
    String unsigned =
        base64("{\"alg\":\"none\",\"typ\":\"JWT\"}") + "." + service.token().split("\\.")[1] + ".";

    assertUnauthorized(null);
    assertUnauthorized("Bearer");
    assertUnauthorized("Bearer " + expired);
    assertUnauthorized("Bearer " + foreign.issue(caller(now.plusSeconds(60))));
    assertUnauthorized("Bearer " + unsigned);
    assertUnauthorized("Basic " + base64("a:b"));
  }

  private static Caller caller(Instant expiry) {
    return new Caller(
        "tester", Criticality.CRITICAL, Caller.ALL_STUDIES, Set.of(Role.REQUEST), expiry);
  }

  private static void assertUnauthorized(String authorization) {
    for (String path : new String[] {INFER, "/v2", "/v2/nothing", "/v1/models", "/", "/api/v1/x"}) {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(service.api(path))
              .POST(HttpRequest.BodyPublishers.ofString(row()));
      if (authorization != null) {
        request.header("Authorization", authorization);
      }
      HttpResponse<String> answer = service.send(request.build());
      assertThat(answer.statusCode()).as(path + " with " + authorization).isEqualTo(401);
      assertThat(answer.headers().firstValue("WWW-Authenticate")).isPresent();
      assertInDialect(path, answer);
    }
  }

  private static void assertInDialect(String path, HttpResponse<String> answer) {
    try {
      JsonNode json = JSON.readTree(answer.body());
      String type = answer.headers().firstValue("Content-Type").orElse("");
      if (path.startsWith("/v2")) {
        assertThat(json.get("error").isTextual()).isTrue();
        assertThat(type).isEqualTo("application/json");
      } else if (path.startsWith("/v1")) {
        assertThat(json.get("error").get("message").isTextual()).isTrue();
        assertThat(type).isEqualTo("application/json");
      } else {
        assertThat(json.get("status").intValue()).isEqualTo(answer.statusCode());
        assertThat(json.get("detail").isTextual()).isTrue();
        assertThat(type).isEqualTo("application/problem+json");
      }
    } catch (java.io.IOException e) {
      throw new AssertionError(answer.body(), e);
    }
  }

  @Test
  void refusesWhoLacksTheRole() {
    String reader = service.token("reader", Criticality.CRITICAL, Role.READ);
    String requester = service.token("requester", Criticality.CRITICAL, Role.REQUEST);
    HttpRequest infer =
        HttpRequest.newBuilder(service.api(INFER))
            .header("Authorization", "Bearer " + reader)
            .POST(HttpRequest.BodyPublishers.ofString(row()))
            .build();
    HttpRequest metadata =
        HttpRequest.newBuilder(service.api("/v2/models/breast-cancer"))
            .header("Authorization", "Bearer " + requester)
            .build();
    assertThat(service.send(infer).statusCode()).isEqualTo(403);
    assertThat(service.send(infer).body()).contains("`request`");
    assertThat(service.send(metadata).statusCode()).isEqualTo(403);
    assertThat(service.send(metadata).body()).contains("`read`");
  }

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({
    "POST, /v2/models/nobody/infer, 404, no model `nobody`",
    "POST, /v2/models/breast-cancer/versions/9/infer, 404, not served in that version",
    "GET, /v2/models/nobody, 404, no model",
    "GET, /v2/nothing, 404, no such path",
    "GET, /v1/nothing, 404, no such path",
    "GET, /, 404, nothing at this path",
    "GET, /v2/models/breast-cancer/infer, 405, POST requests only",
    "PUT, /v2/models/breast-cancer/infer, 405, POST requests only",
    "DELETE, /v2/models/breast-cancer, 405, GET requests only",
    "POST, /v2/health/live, 405, GET requests only",
    "PUT, /api/v1/analyses, 405, does not take this method",
    "TRACE, /api/v1/analyses, 405, no path takes this method",
    "FOO, /api/v1/jobs:query, 405, no path takes this method",
  })
  void saysWhatIsWrongWithPathOrMethod(String method, String path, int status, String expected) {
    HttpResponse<String> answer =
        service.send(
            service
                .request(path)
                .method(method, HttpRequest.BodyPublishers.ofString(row()))
                .build());
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(answer.body()).contains(expected);
    if (status == 405) {
      assertThat(answer.headers().firstValue("Allow")).isPresent();
    }
    assertInDialect(path, answer);
  }

  @ParameterizedTest(name = "{1}")
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"inputs\": | not valid JSON",
        "{\"inputs\":[]} | input tensor `x` FP64 [-1,30] is missing",
        "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,30],\"datatype\":\"INT64\",\"data\":[1]}]}"
            + " | input tensor `x`: datatype is `INT64`",
        "{\"inputs\":[{\"name\":\"x\",\"shape\":[30],\"datatype\":\"FP64\",\"data\":[1]}]}"
            + " | input tensor `x`: shape is [30]",
        "{\"inputs\":[{\"name\":\"age\",\"shape\":[1],\"datatype\":\"FP64\",\"data\":[1]}]}"
            + " | input tensor `age` is not one of this model's",
        "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,30],\"datatype\":\"FP64\",\"data\":[NaN]}]}"
            + " | NaN and Infinity are not JSON numbers",
      })
  void namesTheFaultOfABadBody(String body, String expected) {
    HttpResponse<String> answer = service.post(INFER, body);
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains(expected);
    assertInDialect(INFER, answer);
  }

  @Test
  void refusesABodyOverTheLimitWhetherItsLengthIsKnownOrNot() throws Exception {
    byte[] large = new byte[(16 << 20) + 1];
    java.util.Arrays.fill(large, (byte) ' ');
    HttpResponse<String> known =
        service.send(
            service.request(INFER).POST(HttpRequest.BodyPublishers.ofByteArray(large)).build());
    HttpResponse<String> chunked =
        service.send(
            service
                .request(INFER)
                .POST(
                    HttpRequest.BodyPublishers.ofInputStream(
                        () -> new java.io.ByteArrayInputStream(large)))
                .build());
    assertThat(known.statusCode()).isEqualTo(413);
    assertThat(chunked.statusCode()).isEqualTo(413);
    assertThat(known.body()).contains("larger than 16777216 bytes");
    assertInDialect(INFER, known);
  }

  @ParameterizedTest
  @CsvSource({
    "/v2/models/../../etc/passwd",
    "/v2/models/breast-cancer/../nobody/infer",
    "/v2/models/breast%2fcancer/infer",
    "/v2/models/%2e%2e/infer",
    "/v2/models/breast-cancer%00/infer",
    "/v2/models/breast-cancer;a=b/infer",
    "/v2//models/breast-cancer/infer",
    "/v2/models/br%ZZ/infer",
  })
  void refusesTricksWithThePath(String path) throws Exception {
    String answer =
        RawHttp.send(
            service.port("application"),
            "POST "
                + path
                + " HTTP/1.1\r\n"
                + "Host: localhost\r\nAuthorization: Bearer "
                + service.token()
                + "\r\n"
                + "Content-Length: 2\r\nConnection: close\r\n\r\n{}");
    assertThat(answer).startsWith("HTTP/1.1 4").doesNotContain("<html>", "jetty", "Exception");
    assertThat(answer).containsAnyOf("{\"error\":\"", "\"title\":\"Not Found\"");
  }

  @Test
  void refusesAVeryLongName() throws Exception {
    String head =
        " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
            + service.token()
            + "\r\nConnection: close\r\n\r\n";
    int port = service.port("application");
    assertThat(RawHttp.send(port, "GET /v2/models/" + "a".repeat(10_000) + head))
        .startsWith("HTTP/1.1 404")
        .endsWith(
            "{\"error\":\"no model of that name is served here; check the name in the path\"}");
    assertThat(RawHttp.send(port, "GET /v2/models/" + "a".repeat(20_000) + head))
        .startsWith("HTTP/1.1 414");
  }

  @Test
  void writesOneAuditRowForEachExchange() throws Exception {
    String caller = "audited";
    String token = service.token(caller, Criticality.CRITICAL, Role.REQUEST);
    for (String body : new String[] {row(), "{}"}) {
      service.send(
          HttpRequest.newBuilder(service.api(INFER))
              .header("Authorization", "Bearer " + token)
              .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
              .POST(HttpRequest.BodyPublishers.ofString(body))
              .build());
    }
    String written = "SELECT count(*) FROM audit_exchange WHERE caller = 'audited'";
    RunningService.await("two audit rows", () -> service.count(written) == 2);
    List<Map<String, Object>> rows =
        service.rows(
            "SELECT verdict, status, model, model_version, backend, trace_id,"
                + " encode(input_sha256, 'hex') AS digest, body_bytes"
                + " FROM audit_exchange WHERE caller = 'audited' ORDER BY received_at");
    assertThat(rows).hasSize(2);
    assertThat(rows.getFirst())
        .containsEntry("verdict", "served")
        .containsEntry("status", 200)
        .containsEntry("model", "breast-cancer")
        .containsEntry("model_version", "1")
        .containsEntry("backend", "breast-cancer-0")
        .containsEntry("trace_id", "0af7651916cd43dd8448eb211c80319c")
        .containsEntry("digest", sha256(row()))
        .containsEntry("body_bytes", (long) row().length());
    assertThat(rows.getLast())
        .containsEntry("verdict", "refused")
        .containsEntry("status", 400)
        .containsEntry("digest", sha256("{}"));
  }

  private static String row() {
    return request("[1,30]", golden.get("x").get(0));
  }

  private static String request(String shape, JsonNode data) {
    return "{\"inputs\":[{\"name\":\"x\",\"shape\":"
        + shape
        + ",\"datatype\":\"FP64\",\"data\":"
        + data
        + "}]}";
  }

  private static String sha256(String text) throws Exception {
    return java.util.HexFormat.of()
        .formatHex(
            java.security.MessageDigest.getInstance("SHA-256")
                .digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
