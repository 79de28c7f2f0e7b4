package triage.app;

import io.dropwizard.lifecycle.ServerLifecycleListener;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import triage.backend.ModelSettings;

/// What the start prints once the server listens: where, and one request that is ready to paste.
///
/// The request makes its own token: none is printed. It does so in this program's working
/// directory, where the data folder is, and so it works from any other.
///
/// **Threads**: runs on the main thread.
final class Announcement implements ServerLifecycleListener {
  /// The first row of the data set, a malignant case.
  private static final String FIRST_ROW =
      "17.99,10.38,122.8,1001,0.1184,0.2776,0.3001,0.1471,0.2419,0.07871,1.095,0.9053,8.589,153.4,"
          + "0.006399,0.04904,0.05373,0.01587,0.03003,0.006193,25.38,17.33,184.6,2019,0.1622,"
          + "0.6656,0.7119,0.2654,0.4601,0.1189";

  /// An inference request for the example model.
  static final String EXAMPLE_BODY =
      "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,30],\"datatype\":\"FP64\",\"data\":["
          + FIRST_ROW
          + "]}]}";

  private final PrintStream out;
  private final Path file;
  private final Path home;
  private final Map<String, ModelSettings> models;

  /// Makes the announcement.
  ///
  /// @param out where it is printed
  /// @param file the settings file that was started with
  /// @param home the folder of the launcher
  Announcement(PrintStream out, Path file, Path home, Map<String, ModelSettings> models) {
    this.out = out;
    this.file = file;
    this.home = home;
    this.models = models;
  }

  @Override
  public void serverStarted(Server server) {
    String application = address(server, "application");
    out.println(
        "Triage listens on " + application + " (operators: " + address(server, "admin") + ").");
    out.println("A request to try:");
    out.println();
    out.println(request(application));
    out.println();
    out.flush();
  }

  private String request(String application) {
    String token =
        "$(cd %s && %s token %s --caller first-try)"
            .formatted(quoted(Path.of("")), quoted(home.resolve("triage")), quoted(file));
    String authorization = " -H \"Authorization: Bearer " + token + "\"";
    // The certificate is for the name that callers use, which 127.0.0.1 is not.
    String curl = application.startsWith("https") ? "curl -sk " : "curl -s ";
    if (models.containsKey(Settings.DEFAULT_MODEL)) {
      return curl + exampleUrl(application) + authorization + " -d '" + EXAMPLE_BODY + "'";
    }
    String model = models.keySet().stream().findFirst().orElse("none");
    return curl + application + "/v2/models/" + model + authorization;
  }

  /// Gives the URL that takes [#EXAMPLE_BODY].
  static String exampleUrl(Server server) {
    return exampleUrl(address(server, "application"));
  }

  private static String exampleUrl(String application) {
    return application + "/v2/models/" + Settings.DEFAULT_MODEL + "/infer";
  }

  private static String quoted(Path path) {
    String text = path.toAbsolutePath().normalize().toString();
    return text.matches("[A-Za-z0-9/._+-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }

  /// Gives the URL of one of the server's ports, as a client on this machine reaches it.
  ///
  /// @param name `application` or `admin`
  static String address(Server server, String name) {
    for (Connector connector : server.getConnectors()) {
      if (connector instanceof ServerConnector listening && name.equals(connector.getName())) {
        String host = listening.getHost();
        boolean any = host == null || host.equals("0.0.0.0") || host.equals("::");
        boolean secure = listening.getConnectionFactory(SslConnectionFactory.class) != null;
        String scheme = secure ? "https" : "http";
        return scheme + "://" + (any ? "127.0.0.1" : host) + ":" + listening.getLocalPort();
      }
    }
    throw new IllegalStateException("no connector " + name);
  }
}
