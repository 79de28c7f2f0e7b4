package triage.gateway;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

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
      json.writeNullField("param");
      json.writeStringField("code", refusal.reason());
      json.writeEndObject();
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
    }
  };

  private static final JsonFactory JSON = new JsonFactory();

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
      case 408 -> "Request Timeout";
      case 413 -> "Content Too Large";
      case 414 -> "URI Too Long";
      case 415 -> "Unsupported Media Type";
      case 429 -> "Too Many Requests";
      case 431 -> "Request Header Fields Too Large";
      case 503 -> "Service Unavailable";
      case 504 -> "Gateway Timeout";
      default -> status < 500 ? "Request Refused" : "Internal Server Error";
    };
  }
}
