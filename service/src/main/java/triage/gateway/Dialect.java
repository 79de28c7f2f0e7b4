package triage.gateway;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.PreEncodedHttpField;
import org.jspecify.annotations.Nullable;

/// The form in which the callers of a path read errors.
enum Dialect {
  /// Open Inference Protocol: `/v2`. `error` is always a string.
  OIP("/v2", "application/json") {
    @Override
    void write(JsonGenerator json, Refusal refusal) throws IOException {
      json.writeStringField("error", refusal.message());
      if (refusal.reason() != null) {
        json.writeStringField("reason", refusal.reason());
      }
    }
  },

  /// OpenAI: `/v1`.
  OPENAI("/v1", "application/json") {
    @Override
    void write(JsonGenerator json, Refusal refusal) throws IOException {
      json.writeObjectFieldStart("error");
      json.writeStringField("message", refusal.message());
      json.writeStringField("type", openAiType(refusal.status()));
      json.writeStringField("param", refusal.param());
      json.writeStringField("code", openAiCode(refusal));
      json.writeEndObject();
    }

    @Override
    void advise(HttpFields.Mutable headers, boolean again) {
      headers.put(again ? SHOULD_RETRY : SHOULD_NOT_RETRY);
    }
  },

  /// RFC 9457 problem details: everything else.
  NATIVE("/", "application/problem+json") {
    @Override
    void write(JsonGenerator json, Refusal refusal) throws IOException {
      json.writeStringField("type", "about:blank");
      json.writeStringField("title", title(refusal.status()));
      json.writeNumberField("status", refusal.status());
      json.writeStringField("detail", refusal.message());
      if (refusal.reason() != null) {
        json.writeStringField("reason", refusal.reason());
      }
      if (refusal.retryAfterNanos() > 0) {
        json.writeNumberField("retryAfterMs", refusal.retryAfterNanos() / 1_000_000);
      }
      if (refusal.param() != null) {
        json.writeStringField("pointer", refusal.param());
      }
    }
  };

  private static final JsonFactory JSON = new JsonFactory();
  private static final HttpField SHOULD_RETRY = new PreEncodedHttpField("x-should-retry", "true");
  private static final HttpField SHOULD_NOT_RETRY =
      new PreEncodedHttpField("x-should-retry", "false");

  private final String root;
  private final String contentType;

  Dialect(String root, String contentType) {
    this.root = root;
    this.contentType = contentType;
  }

  /// Gives the dialect of a path.
  static Dialect of(String path) {
    if (isUnder(path, OIP.root)) {
      return OIP;
    }
    return isUnder(path, OPENAI.root) ? OPENAI : NATIVE;
  }

  /// Gives the path that all paths of this dialect begin with.
  String root() {
    return root;
  }

  private static boolean isUnder(String path, String root) {
    return path.startsWith(root)
        && (path.length() == root.length() || path.charAt(root.length()) == '/');
  }

  /// Gives the Content-Type of this dialect's errors.
  String contentType() {
    return contentType;
  }

  /// Gives the body of an error.
  byte[] body(Refusal refusal) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      write(json, refusal);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  abstract void write(JsonGenerator json, Refusal refusal) throws IOException;

  /// Says in an error's headers whether the request should be sent again, where the dialect has a
  /// header of its own for that.
  void advise(HttpFields.Mutable headers, boolean again) {}

  private static @Nullable String openAiCode(Refusal refusal) {
    if (refusal.reason() != null) {
      return refusal.reason();
    }
    return switch (refusal.status()) {
      case 401 -> "invalid_api_key";
      case 404 -> "model".equals(refusal.param()) ? "model_not_found" : null;
      default -> null;
    };
  }

  private static String openAiType(int status) {
    return switch (status) {
      case 401 -> "authentication_error";
      case 403 -> "permission_error";
      case 404 -> "not_found_error";
      case 429 -> "rate_limit_error";
      default -> status < 500 ? "invalid_request_error" : "server_error";
    };
  }

  private static String title(int status) {
    return switch (status) {
      case 400 -> "Bad Request";
      case 401 -> "Unauthorized";
      case 403 -> "Forbidden";
      case 404 -> "Not Found";
      case 405 -> "Method Not Allowed";
      case 406 -> "Not Acceptable";
      case 408 -> "Request Timeout";
      case 409 -> "Conflict";
      case 413 -> "Content Too Large";
      case 414 -> "URI Too Long";
      case 415 -> "Unsupported Media Type";
      case 422 -> "Unprocessable Content";
      case 429 -> "Too Many Requests";
      case 431 -> "Request Header Fields Too Large";
      case 503 -> "Service Unavailable";
      case 504 -> "Gateway Timeout";
      default -> status < 500 ? "Request Refused" : "Internal Server Error";
    };
  }
}
