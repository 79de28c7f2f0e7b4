package triage.gateway;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.PreEncodedHttpField;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import triage.admission.Reason;

/// The answer to those who are not let in: all its bytes are ready, but for when to try again.
///
/// **Threads**: immutable.
final class PreparedRefusal {
  /// By seconds; more than [RetryAfter] ever gives.
  private static final HttpField[] RETRY_AFTER = new HttpField[128];

  static {
    for (int seconds = 0; seconds < RETRY_AFTER.length; seconds++) {
      RETRY_AFTER[seconds] = new PreEncodedHttpField(HttpHeader.RETRY_AFTER, seconds + "");
    }
  }

  private final long retryNanos;
  private final int status;
  private final HttpFields headers;
  private final byte[] body;

  /// Prepares the refusal of a dialect.
  ///
  /// @param retryNanos when a new try is likely to pass
  PreparedRefusal(Dialect dialect, Reason reason, long retryNanos) {
    Refusal refusal = Refusal.of(reason, retryNanos);
    this.retryNanos = retryNanos;
    this.status = refusal.status();
    this.body = dialect.body(refusal);
    HttpFields.Mutable fields = HttpFields.build();
    fields.put(new PreEncodedHttpField(HttpHeader.CONTENT_TYPE, dialect.contentType()));
    fields.put(new PreEncodedHttpField(Call.REASON, reason.wire()));
    dialect.advise(fields, true);
    fields.put(new PreEncodedHttpField(HttpHeader.CONTENT_LENGTH, body.length + ""));
    this.headers = fields.asImmutable();
  }

  void write(Response response, RetryAfter retryAfter, Callback callback) {
    response.setStatus(status);
    response.getHeaders().add(headers);
    response.getHeaders().put(RETRY_AFTER[(int) retryAfter.seconds(retryNanos)]);
    response.write(true, ByteBuffer.wrap(body), callback);
  }
}
