package triage.gateway;

import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers what a resource throws with a problem of RFC 9457, and without a word of what is inside.
///
/// **Threads**: safe for use by several threads.
final class ProblemMapper implements ExceptionMapper<Throwable> {
  private static final Logger LOG = LoggerFactory.getLogger(ProblemMapper.class);

  private final RetryAfter retryAfter;

  ProblemMapper(RetryAfter retryAfter) {
    this.retryAfter = retryAfter;
  }

  @Override
  public Response toResponse(Throwable thrown) {
    return switch (thrown) {
      case RefusedException refused -> response(refused.refusal());
      case WebApplicationException web -> response(web);
      case IOException e -> response(unread(e));
      default -> {
        LOG.error("event=resource-failed", thrown);
        yield response(new Refusal(500, null, 0, "something failed inside; the log tells what"));
      }
    };
  }

  /// What keeps the caller's pace says itself what is wrong; a container may have wrapped it.
  private static Refusal unread(IOException fault) {
    for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
      if (cause instanceof CallerFaultException caller) {
        return new Refusal(caller.getCode(), null, 0, caller.getReason());
      }
    }
    return new Refusal(408, null, 0, "the body did not arrive whole");
  }

  private Response response(WebApplicationException web) {
    int status = web.getResponse().getStatus();
    String message =
        switch (status) {
          case 404 -> "there is nothing at this path; /openapi.json lists what there is";
          case 405 -> "this path does not take this method";
          case 406 -> "what this path gives is in none of the forms that Accept names";
          case 415 -> "this path does not take this Content-Type";
          default -> status < 500 ? "the request was refused" : "something failed inside";
        };
    Response.ResponseBuilder response =
        Response.fromResponse(response(new Refusal(status, null, 0, message)));
    String allow = web.getResponse().getHeaderString(HttpHeaders.ALLOW);
    return allow == null ? response.build() : response.header(HttpHeaders.ALLOW, allow).build();
  }

  private Response response(Refusal refusal) {
    Response.ResponseBuilder response =
        Response.status(refusal.status())
            .type(Dialect.NATIVE.contentType())
            .entity(Dialect.NATIVE.body(refusal));
    if (refusal.reason() != null) {
      response.header(Call.REASON, refusal.reason());
    }
    if (refusal.retryAfterNanos() > 0) {
      response.header(HttpHeaders.RETRY_AFTER, retryAfter.seconds(refusal.retryAfterNanos()));
    }
    return response.build();
  }
}
