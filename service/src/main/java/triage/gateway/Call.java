package triage.gateway;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.PreEncodedHttpField;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/// One HTTP request and the answer it will get, in the dialect of its path.
///
/// **Threads**: confined to the request's own; an answer is given exactly once.
final class Call {
  /// Why a request was not served, for programs.
  static final String REASON = "Triage-Reason";

  private static final HttpField JSON =
      new PreEncodedHttpField(HttpHeader.CONTENT_TYPE, "application/json");
  private static final HttpField RAW =
      new PreEncodedHttpField(HttpHeader.CONTENT_TYPE, "application/octet-stream");
  private static final HttpField CHALLENGE =
      new PreEncodedHttpField(HttpHeader.WWW_AUTHENTICATE, "Bearer realm=\"triage\"");

  private final Request request;
  private final Response response;
  private final Callback callback;
  private final RetryAfter retryAfter;
  private final long arrivedNanos;
  private final String path;
  private final Dialect dialect;

  /// Wraps what Jetty hands out.
  ///
  /// @param arrivedNanos when the request came, on the monotonic clock
  Call(
      Request request,
      Response response,
      Callback callback,
      RetryAfter retryAfter,
      long arrivedNanos) {
    this.request = request;
    this.response = response;
    this.callback = callback;
    this.retryAfter = retryAfter;
    this.arrivedNanos = arrivedNanos;
    this.path = Request.getPathInContext(request);
    this.dialect = Dialect.of(path);
  }

  Request request() {
    return request;
  }

  Response response() {
    return response;
  }

  String path() {
    return path;
  }

  Dialect dialect() {
    return dialect;
  }

  /// Gives the path and the query as they were sent.
  String pathAndQuery() {
    return request.getHttpURI().getPathQuery();
  }

  String method() {
    return request.getMethod();
  }

  long arrivedNanos() {
    return arrivedNanos;
  }

  @Nullable String header(String name) {
    return request.getHeaders().get(name);
  }

  /// Tells whether a header stands more than once.
  boolean hasSeveral(String name) {
    int count = 0;
    for (HttpField field : request.getHeaders()) {
      if (field.is(name)) {
        count++;
      }
    }
    return count > 1;
  }

  void setHeader(String name, String value) {
    response.getHeaders().put(name, value);
  }

  /// Has the answer say that the connection ends, because somebody may still read the body.
  void endConnection() {
    UnreadBody.end(request, response);
  }

  /// Ends an answer that was relayed.
  void finish() {
    response.write(true, null, callback);
  }

  /// Breaks the connection because the rest of the answer will not come.
  void cutOff(Throwable cause) {
    callback.failed(cause);
  }

  /// Sends the last of an answer whose rest will not come, and breaks the connection.
  void cutOff(byte[] last, Throwable cause) {
    response.write(false, ByteBuffer.wrap(last), Callback.from(() -> cutOff(cause)));
  }

  /// Lets pass what only reads.
  ///
  /// @throws RefusedException 405 for everything else
  void requireRead() throws RefusedException {
    if (!method().equals("HEAD")) {
      require("GET");
    }
  }

  /// Lets pass requests with this method.
  ///
  /// @throws RefusedException 405 for everything else
  void require(String method) throws RefusedException {
    if (!method().equals(method)) {
      setHeader("Allow", method.equals("GET") ? "GET, HEAD" : method);
      throw new RefusedException(
          new Refusal(405, null, 0, "this path takes " + method + " requests only"));
    }
  }

  /// Answers with JSON.
  void answer(int status, byte[] json) {
    response.setStatus(status);
    response.getHeaders().put(JSON);
    write(json);
  }

  /// Answers with JSON that raw bytes follow.
  void answerRaw(int status, byte[] bytes) {
    response.setStatus(status);
    response.getHeaders().put(RAW);
    write(bytes);
  }

  /// Answers with an error in the dialect of the path.
  void refuse(Refusal refusal) {
    response.setStatus(refusal.status());
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, dialect.contentType());
    if (refusal.reason() != null) {
      response.getHeaders().put(REASON, refusal.reason());
    }
    if (refusal.retryAfterNanos() > 0) {
      response
          .getHeaders()
          .put(HttpHeader.RETRY_AFTER, retryAfter.seconds(refusal.retryAfterNanos()));
    }
    dialect.advise(response.getHeaders(), refusal.isWorthAnotherTry());
    if (refusal.status() == 401) {
      response.getHeaders().put(CHALLENGE);
    }
    write(dialect.body(refusal));
  }

  private void write(byte[] body) {
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
    boolean head = request.getMethod().equals("HEAD");
    Callback written = UnreadBody.before(request, response, callback);
    response.write(true, head ? null : ByteBuffer.wrap(body), written);
  }
}
