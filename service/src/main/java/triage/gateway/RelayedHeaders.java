package triage.gateway;

import static java.util.stream.Collectors.toUnmodifiableSet;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;

/// Which headers pass between a caller and a model server: all but those that are between two
/// parties only, such as those that `Connection` names, and those that are Triage's own.
///
/// **Source**: RFC 9110, section 7.6.1.
///
/// **Threads**: no state.
final class RelayedHeaders {
  private static final Set<String> NOT_SENT_ON =
      Set.of(
          "host",
          "authorization",
          "connection",
          "keep-alive",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "http2-settings",
          "expect",
          "content-length",
          "cookie",
          "priority",
          "prefer",
          "request-timeout",
          "idempotency-key",
          "forwarded",
          "x-forwarded-for",
          "x-forwarded-host",
          "x-forwarded-proto");

  private static final Set<String> NOT_SENT_BACK =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-connection",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "server",
          "date",
          "set-cookie");

  /// With what the names of Triage's own headers begin.
  private static final String OWN = "triage-";

  private RelayedHeaders() {}

  /// Adds what a caller sent to what a model server gets.
  static void sendOn(HttpFields from, HttpFields.Mutable to) {
    Set<String> named = named(from);
    for (HttpField field : from) {
      String name = field.getLowerCaseName();
      if (!NOT_SENT_ON.contains(name) && !named.contains(name)) {
        to.add(field);
      }
    }
  }

  /// Adds what a model server answered to what the caller gets. Triage alone says what it did.
  static void sendBack(HttpFields from, HttpFields.Mutable to) {
    Set<String> named = named(from);
    for (HttpField field : from) {
      String name = field.getLowerCaseName();
      if (!NOT_SENT_BACK.contains(name) && !name.startsWith(OWN) && !named.contains(name)) {
        to.add(field);
      }
    }
  }

  /// Gives the headers that the sender means for this connection only.
  private static Set<String> named(HttpFields from) {
    List<String> options = from.getCSV(HttpHeader.CONNECTION, false);
    return options.isEmpty()
        ? Set.of()
        : options.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(toUnmodifiableSet());
  }
}
