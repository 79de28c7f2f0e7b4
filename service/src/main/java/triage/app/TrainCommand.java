package triage.app;

import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import triage.admission.Criticality;
import triage.identity.Caller;
import triage.identity.IdentitySettings;
import triage.identity.Role;
import triage.identity.TokenIssuer;
import triage.identity.TokenSecret;

/// `train`: starts everything in a folder of its own, serves some requests and ends, so that the
/// JVM can note what a start needs. The launcher makes its start-up cache with it.
///
/// **Threads**: confined to the main thread.
final class TrainCommand implements Command {
  private static final int REQUESTS = 50;

  @Override
  public String name() {
    return "train";
  }

  @Override
  public String synopsis() {
    return "";
  }

  @Override
  public String summary() {
    return "starts in the working directory, serves " + REQUESTS + " requests and ends";
  }

  @Override
  public boolean isListed() {
    return false;
  }

  @Override
  public void run(List<String> words) throws Exception {
    Path folder = Files.createTempDirectory(Path.of("").toAbsolutePath(), "train");
    // PostgreSQL runs as another user where Triage runs as root, and must get through.
    folder.toFile().setExecutable(true, false);
    folder.toFile().setReadable(true, false);
    Path data = folder.resolve("data");
    Path file = folder.resolve("config.yml");
    Files.writeString(
        file,
        "server: {host: 127.0.0.1, port: 0, adminPort: 0, drainNotice: 0s}\n"
            + "logging: {level: WARN}\n"
            + "door: {mode: observe}\n"
            + "data: '"
            + data.toString().replace("'", "''")
            + "'\n",
        StandardCharsets.UTF_8);
    TriageApplication application =
        new TriageApplication(
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
    application.serve(file);
    try {
      ask(application, data);
    } finally {
      application.server().stop();
    }
  }

  private static void ask(TriageApplication application, Path data) throws Exception {
    InstantSource clock = InstantSource.system();
    Caller caller =
        new Caller(
            "train",
            Criticality.CRITICAL,
            Caller.ALL_STUDIES,
            Set.of(Role.REQUEST, Role.READ),
            clock.instant().truncatedTo(ChronoUnit.SECONDS).plusSeconds(600));
    String token =
        new TokenIssuer(
                TokenSecret.read(data.resolve("token.secret")),
                IdentitySettings.defaults(),
                clock,
                new SecureRandom())
            .issue(caller);
    try (HttpClient client = HttpClient.newHttpClient()) {
      for (int i = 0; i < REQUESTS; i++) {
        send(client, Announcement.exampleUrl(application.server()), token);
        send(client, Announcement.address(application.server(), "admin") + "/metrics", token);
      }
    }
  }

  private static void send(HttpClient client, String url, String token) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url)).header("Authorization", "Bearer " + token);
    if (url.endsWith("/infer")) {
      request.POST(HttpRequest.BodyPublishers.ofString(Announcement.EXAMPLE_BODY));
    }
    HttpResponse<String> answer =
        client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IllegalStateException(url + " answered " + answer.statusCode());
    }
  }
}
