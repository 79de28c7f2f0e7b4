package triage.gateway;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/// Answers what Jetty itself refuses (a path it cannot read, headers that are too large, a method
/// that no resource has) in the dialect of the path, and without a word of what is inside.
///
/// **Source**: RFC 9110, section 15.5.6: a 405 says in `Allow` what there is.
///
/// **Threads**: no state.
public final class ErrorHandler extends org.eclipse.jetty.server.handler.ErrorHandler {
  private static final String METHODS = "GET, HEAD, POST, OPTIONS";

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    int status = response.getStatus() < 400 ? 500 : response.getStatus();
    String path = request.getHttpURI().getPath();
    Dialect dialect = Dialect.of(path == null ? "/" : path);
    Refusal refusal = new Refusal(status, null, 0, message(status, headerBytesMax(request)));
    byte[] body = dialect.body(refusal);
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, dialect.contentType());
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
    if (status == 405) {
      response.getHeaders().put(HttpHeader.ALLOW, METHODS);
    }
    dialect.advise(response.getHeaders(), refusal.isWorthAnotherTry());
    boolean head = "HEAD".equals(request.getMethod());
    response.write(true, head ? null : ByteBuffer.wrap(body), callback);
    return true;
  }

  @Override
  public boolean errorPageForMethod(@Nullable String method) {
    return true;
  }

  private static int headerBytesMax(Request request) {
    return request.getConnectionMetaData().getHttpConfiguration().getRequestHeaderSize();
  }

  private static String message(int status, int headerBytesMax) {
    return switch (status) {
      case 400 -> "the request cannot be read; check its path, its headers and its framing";
      case 404 -> "there is nothing at this path";
      case 405 -> "no path takes this method";
      case 408 -> "the request did not arrive in time; send it again";
      case 413 -> "the body is too large";
      case 414 ->
          "the path is too long; "
              + headerBytesMax
              + " bytes are the most for the request line and headers";
      case 417 -> "this Expect header is not supported; leave it out";
      case 426, 505 -> "use HTTP/1.1";
      case 431 ->
          "the headers are too large; " + headerBytesMax + " bytes are the most for all of them";
      case 503 -> "this instance is not taking requests; try again";
      default ->
          status < 500 ? "the request was refused" : "something failed inside; the log tells what";
    };
  }
}
