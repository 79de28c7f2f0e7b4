package triage.gateway;

import java.util.Set;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;

/// Which headers pass between a caller and a model server: all but those that are between two
/// parties only, and those that are Triage's own.
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

  private RelayedHeaders() {}

  /// Adds what a caller sent to what a model server gets.
  static void sendOn(HttpFields from, HttpFields.Mutable to) {
    add(from, NOT_SENT_ON, to);
  }

  /// Adds what a model server answered to what the caller gets.
  static void sendBack(HttpFields from, HttpFields.Mutable to) {
    add(from, NOT_SENT_BACK, to);
  }

  private static void add(HttpFields from, Set<String> but, HttpFields.Mutable to) {
    for (HttpField field : from) {
      if (!but.contains(field.getLowerCaseName())) {
        to.add(field);
      }
    }
  }
}
