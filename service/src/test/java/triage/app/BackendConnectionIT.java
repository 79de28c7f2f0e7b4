package triage.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import triage.backend.ModelLoadException;

/// How model servers are reached: TLS, secrets, pools.
final class BackendConnectionIT {
  private static final String INFER = "/v2/models/m/infer";
  private static final String BODY = "{\"inputs\":[]}";
  private static final String PASSWORD = "not-a-secret";

  @TempDir Path folder;

  @Test
  void believesTheAuthoritiesItIsGivenAndNoOthers() throws Exception {
    try (FaultyModelServer server = new FaultyModelServer(secure("127.0.0.1"))) {
      String url = "https://127.0.0.1:" + server.port();
      try (RunningService service = start("{url: \"%s\", tls: {caFile: ca.pem}}".formatted(url))) {
        assertThat(service.post(INFER, BODY).statusCode()).isEqualTo(200);
      }
      try (RunningService service = start("{url: \"%s\"}".formatted(url))) {
        HttpResponse<String> answer = service.post(INFER, BODY);
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.headers().firstValue("Triage-Reason")).hasValue("no-backend");
      }
      assertThat(server.inferences()).isEqualTo(1);
    }
  }

  @Test
  void doesNotBelieveACertificateForAnotherName() throws Exception {
    try (FaultyModelServer server = new FaultyModelServer(secure("127.0.0.2"));
        RunningService service =
            start(
                "{url: \"https://127.0.0.1:%d\", tls: {caFile: ca.pem}}"
                    .formatted(server.port()))) {
      assertThat(service.post(INFER, BODY).statusCode()).isEqualTo(503);
      assertThat(server.inferences()).isZero();
    }
  }

  @Test
  void asksForLoadReportsWhereItIsToldToAndKeepsThemToItself() throws Exception {
    String report = "TEXT application_utilization=0.5";
    for (String told : List.of("true", "false")) {
      boolean asks = Boolean.parseBoolean(told);
      try (FaultyModelServer server = new FaultyModelServer();
          RunningService service =
              start("{url: \"%s\", loadReports: %s}".formatted(server.url(), told))) {
        server.answer("200 OK\r\nendpoint-load-metrics: " + report + "\r\n");
        HttpResponse<String> answer = service.post(INFER, BODY);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(server.lastHead().contains("endpoint-load-metrics-format: text"))
            .isEqualTo(asks);
        assertThat(answer.headers().allValues("endpoint-load-metrics"))
            .isEqualTo(asks ? List.of() : List.of(report));
      }
    }
  }

  @Test
  void showsTheServerASecretAndKeepsTheCallersToItself() throws Exception {
    Files.writeString(folder.resolve("key"), "s3cret\n");
    try (FaultyModelServer server = new FaultyModelServer();
        RunningService service =
            start("{url: \"%s\", credentials: {file: key}}".formatted(server.url()))) {
      assertThat(service.post(INFER, BODY).statusCode()).isEqualTo(200);
      assertThat(server.lastHead().lines().filter(line -> line.startsWith("authorization:")))
          .containsExactly("authorization: bearer s3cret");
    }
    try (FaultyModelServer server = new FaultyModelServer();
        RunningService service =
            start(
                "{url: \"%s\", credentials: {file: key, header: X-Api-Key}}"
                    .formatted(server.url()))) {
      assertThat(service.post(INFER, BODY, "X-Api-Key", "the caller's").statusCode())
          .isEqualTo(200);
      assertThat(server.lastHead().lines().filter(line -> line.startsWith("x-api-key:")))
          .containsExactly("x-api-key: s3cret");
      assertThat(server.lastHead()).doesNotContain("authorization:");
    }
  }

  @Test
  void keepsNoCookieOfAServerForTheNextCaller() throws Exception {
    try (FaultyModelServer server = new FaultyModelServer();
        RunningService service = start("{url: \"%s\"}".formatted(server.url()))) {
      server.answer("200 OK\r\nSet-Cookie: session=1; Path=/\r\n");
      for (int i = 0; i < 2; i++) {
        assertThat(service.post(INFER, BODY).statusCode()).isEqualTo(200);
      }
      assertThat(server.lastHead())
          .contains("\r\nhost: 127.0.0.1:" + server.port() + "\r\n")
          .doesNotContain("cookie");
    }
  }

  @Test
  void givesTheMemoryOfALargerBodyBackHoweverItsRequestEnds() throws Exception {
    String large = BODY + " ".repeat(100_000);
    try (FaultyModelServer server = new FaultyModelServer();
        RunningService service = start("{url: \"%s\"}".formatted(server.url()))) {
      assertThat(service.post(INFER, large).statusCode()).isEqualTo(200);
      server.conduct(FaultyModelServer.Conduct.RESETS);
      assertThat(service.post(INFER, large).statusCode()).isGreaterThanOrEqualTo(500);
      server.conduct(FaultyModelServer.Conduct.HANGS);
      assertThat(service.post(INFER, large, "Request-Timeout", "0.1").statusCode()).isEqualTo(504);
    } // Which looks for buffers that are missing.
  }

  @Test
  void aModelMayTakeLongerThanConnectionsMayBeIdle() throws Exception {
    try (FakeModelServer server = new FakeModelServer();
        RunningService service =
            start("{url: \"%s\", connections: {idleTimeout: 100ms}}".formatted(server.url()))) {
      Thread.startVirtualThread(() -> {
        RunningService.await("asked", () -> !server.asked().isEmpty());
        LockSupport.parkNanos(400_000_000);
        server.release(1);
      });
      assertThat(service.post(INFER, BODY).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void asksABackendWhoseConnectionsAreAllInUse() throws Exception {
    try (FaultyModelServer server = new FaultyModelServer();
        RunningService service =
            start(
                "{url: \"%s\", limit: 1, connections: {max: 1}, health: {interval: 100ms}}"
                    .formatted(server.url()))) {
      server.conduct(FaultyModelServer.Conduct.HANGS);
      CompletableFuture<HttpResponse<String>> hanging = inferLater(service, "m");
      RunningService.await("in use", () -> server.inferences() == 1);
      int before = server.probes();
      RunningService.await("asked on", () -> server.probes() > before + 3);
      assertThat(service.get("/v2/models/m/ready").statusCode()).isEqualTo(200);
      assertThat(service.get("/v2/models/m").statusCode()).isEqualTo(200);
      assertThat(hanging).isNotDone();
      server.close();
      assertThat(hanging.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(503);
    }
  }

  @Test
  void modelsAtOneServerTakeNoConnectionsFromEachOther() throws Exception {
    try (FakeModelServer server = new FakeModelServer();
        RunningService service =
            RunningService.start(
                folder,
                """
                models:
                  one: {backends: [{url: "%1$s", limit: 1, connections: {max: 1}}]}
                  two: {backends: [{url: "%1$s", limit: 1, connections: {max: 1}}]}
                """
                    .formatted(server.url()))) {
      CompletableFuture<HttpResponse<String>> one = inferLater(service, "one");
      CompletableFuture<HttpResponse<String>> two = inferLater(service, "two");
      RunningService.await("both under way", () -> server.underWay() == 2);
      server.release(2);
      assertThat(one.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      assertThat(two.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    }
  }

  private static CompletableFuture<HttpResponse<String>> inferLater(
      RunningService service, String model) {
    return CompletableFuture.supplyAsync(
        () -> service.post("/v2/models/" + model + "/infer", BODY, "Request-Timeout", "300"),
        command -> Thread.startVirtualThread(command));
  }

  @Test
  void stopsTheStartWhereASecretOrAnAuthorityCannotBeRead() throws Exception {
    assertThatThrownBy(
            () -> start("{url: \"http://127.0.0.1:9\", credentials: {file: none}}").close())
        .isInstanceOf(ModelLoadException.class)
        .hasMessageStartingWith("models.m.backends[0]: ")
        .hasMessageEndingWith("none cannot be read (expected: the file with the secret)");
    Files.writeString(folder.resolve("empty"), " \n");
    assertThatThrownBy(
            () -> start("{url: \"http://127.0.0.1:9\", credentials: {file: empty}}").close())
        .hasMessageEndingWith("holds no secret (expected: one line of printable ASCII)");
    assertThatThrownBy(() -> start("{url: \"https://127.0.0.1:9\", tls: {caFile: empty}}").close())
        .hasMessageEndingWith("(expected: certificates in PEM)");
  }

  private RunningService start(String backend) throws Exception {
    return RunningService.start(
        folder,
        """
        models:
          m:
            backends:
              - %s
        """
            .formatted(backend));
  }

  /// Listens with a new certificate for an address, whose authority is in `ca.pem`.
  private ServerSocket secure(String address) throws Exception {
    Path keys = folder.resolve("keys.p12");
    keytool(
        "-genkeypair",
        "-alias",
        "server",
        "-keyalg",
        "EC",
        "-dname",
        "CN=" + address,
        "-ext",
        "san=ip:" + address,
        "-keystore",
        keys.toString());
    keytool(
        "-exportcert",
        "-rfc",
        "-alias",
        "server",
        "-file",
        folder.resolve("ca.pem").toString(),
        "-keystore",
        keys.toString());
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(keys)) {
      store.load(in, PASSWORD.toCharArray());
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(store, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context
        .getServerSocketFactory()
        .createServerSocket(0, 100, InetAddress.getLoopbackAddress());
  }

  private static void keytool(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments));
    command.addAll(List.of("-storepass", PASSWORD, "-storetype", "PKCS12"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
  }
}
