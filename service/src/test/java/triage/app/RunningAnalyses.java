package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import triage.admission.Criticality;
import triage.identity.Caller;
import triage.identity.Role;

/// A service that takes analyses for a model in process and for one on a server that answers when
/// it is told to, with what tests of analyses and jobs ask of it.
final class RunningAnalyses implements AutoCloseable {
  static final String ANALYSES = "/api/v1/analyses";
  static final String ASYNC = "respond-async";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final FakeModelServer server;
  private final RunningService service;
  private final String row;

  private RunningAnalyses(FakeModelServer server, RunningService service, String row) {
    this.server = server;
    this.service = service;
    this.row = row;
  }

  /// Starts both.
  static RunningAnalyses start(Path folder) throws Exception {
    Path models = Path.of(System.getProperty("triage.home"), "examples", "models");
    JsonNode golden = JSON.readTree(models.resolve("breast-cancer.golden.json").toFile());
    String row =
        "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,30],\"datatype\":\"FP64\",\"data\":"
            + golden.get("x").get(0)
            + "}]}";
    FakeModelServer server = new FakeModelServer();
    RunningService service =
        RunningService.start(
            folder,
            """
            models:
              breast-cancer: {backends: [{file: '%s', limit: 4}]}
              python:
                backends: [{url: '%s', limit: 2}]
                breaker: {failures: 1000, of: 1000}
            analysis:
              attemptsMax: 2
              lease: 1s
              backlogBytesMax: 1MiB
              defaultPrefer: {patient: "respond-async"}
            """
                .formatted(models.resolve("breast-cancer.onnx"), server.url()));
    return new RunningAnalyses(server, service, row);
  }

  RunningService service() {
    return service;
  }

  /// Gives the server of the model `python`.
  FakeModelServer server() {
    return server;
  }

  /// Gives an inference request that the model `breast-cancer` takes.
  String row() {
    return row;
  }

  /// Ends what a test has left.
  void letTheModelAnswer() {
    server.answerWith(200);
    server.answerWithMore(0);
    server.answerAll(service);
  }

  static String analysis(String model, String input) {
    return "{\"model\":\"%s\",\"study\":\"S-1\",\"site\":\"07\",\"subject\":\"007\",\"input\":%s}"
        .formatted(model, input);
  }

  /// Waits for the end of a job of the tester, and gives it.
  HttpResponse<String> ended(HttpResponse<String> submitted) {
    String location = submitted.headers().firstValue("Location").orElseThrow();
    HttpRequest wait = service.request(location).header("Prefer", "wait=20").GET().build();
    HttpResponse<String> job = service.send(wait);
    assertThat(job.statusCode()).as(job.body()).isEqualTo(200);
    assertThat(job.body()).contains("\"finishedAt\"");
    assertThat(job.headers().firstValue("Preference-Applied")).hasValue("wait=20");
    return job;
  }

  /// Lets all be answered, and gives what it was given.
  HttpResponse<String> released(HttpResponse<String> submitted) {
    server.release(1_000);
    return submitted;
  }

  /// Gives how many jobs have ended so, by the metrics.
  double endings(String state) {
    return service.metric("triage_jobs_ended_total{state=\"" + state + "\"}");
  }

  static String id(HttpResponse<String> answer) throws Exception {
    return JSON.readTree(answer.body()).at("/id").textValue();
  }

  String state(String id) {
    return (String)
        service.rows("SELECT state FROM jobs WHERE id = '" + id + "'").getFirst().get("state");
  }

  static Instant hour() {
    return Instant.ofEpochSecond(InstantSource.system().instant().getEpochSecond() + 3600);
  }

  static Caller caller(String name, Set<String> studies) {
    return new Caller(
        name, Criticality.CRITICAL_PLUS, studies, Set.of(Role.REQUEST, Role.READ), hour());
  }

  HttpResponse<String> send(String caller, String path, String body, List<String> headers) {
    return send(caller(caller, Caller.ALL_STUDIES), path, body, headers);
  }

  /// Sends a request.
  ///
  /// @param body `null`: a GET
  /// @param headers names and values in turn; an empty value is left out
  HttpResponse<String> send(Caller caller, String path, String body, List<String> headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(service.api(path))
            .header("Authorization", "Bearer " + service.token(caller));
    for (int i = 0; i < headers.size(); i += 2) {
      if (!headers.get(i + 1).isEmpty()) {
        request.header(headers.get(i), headers.get(i + 1));
      }
    }
    return service.send(
        (body == null ? request.GET() : request.POST(HttpRequest.BodyPublishers.ofString(body)))
            .build());
  }

  /// Sends a request of the tester, and reads nothing.
  ///
  /// @param head the first line, and headers beside those that any request has
  void send(Socket socket, String head, String body) throws Exception {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    String whole =
        head
            + "Host: t\r\nAuthorization: Bearer "
            + service.token()
            + "\r\nContent-Length: "
            + bytes.length
            + "\r\n\r\n"
            + body;
    socket.getOutputStream().write(whole.getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().flush();
  }

  static void assertProblem(HttpResponse<String> answer, int status, String detail) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
    assertThat(answer.body()).contains("\"status\":" + status).contains(detail);
  }

  @Override
  public void close() throws Exception {
    service.close();
    server.close();
  }
}
