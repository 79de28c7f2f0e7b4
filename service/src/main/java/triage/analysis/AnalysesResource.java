package triage.analysis;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import triage.gateway.NativeCall;
import triage.gateway.Refusal;
import triage.gateway.RefusedException;
import triage.store.StoreException;

/// The paths of analyses and jobs under `/api/v1`.
///
/// **Threads**: safe for use by several threads; each request on a virtual thread of its own.
@Path("/api/v1")
public final class AnalysesResource {
  private static final int QUERY_BYTES_MAX = 64 << 10;

  private final Analyses analyses;
  private final Jobs jobs;
  private final DeadJobs dead;
  private final AnswerRoom answers;
  private final long bodyBytesMax;

  AnalysesResource(
      Analyses analyses, Jobs jobs, DeadJobs dead, AnswerRoom answers, long bodyBytesMax) {
    this.analyses = analyses;
    this.jobs = jobs;
    this.dead = dead;
    this.answers = answers;
    this.bodyBytesMax = bodyBytesMax;
  }

  /// Takes an analysis in.
  @POST
  @Path("analyses")
  public Response submit(@Context HttpServletRequest request, InputStream body)
      throws RefusedException, IOException {
    byte[] bytes = read(request, body, bodyBytesMax);
    NativeCall call = call(request);
    return answer(() -> analyses.submit(call, bytes));
  }

  /// Gives a job.
  @GET
  @Path("jobs/{id}")
  public Response job(@Context HttpServletRequest request, @PathParam("id") String id)
      throws RefusedException, IOException {
    if (request.getHeader("Prefer") != null) {
      // Whoever waits is watched, and a watch begins after the body, should there be one.
      read(request, request.getInputStream(), QUERY_BYTES_MAX);
    }
    NativeCall call = call(request);
    return answer(() -> inRoom(call, jobs.get(call, id)));
  }

  /// Lists jobs that were given up.
  @GET
  @Path("jobs")
  public Response dead(
      @Context HttpServletRequest request,
      @QueryParam("state") @Nullable String state,
      @QueryParam("after") @Nullable String after,
      @QueryParam("limit") @Nullable String limit)
      throws RefusedException, IOException {
    return answer(() -> dead.list(call(request), state, after, limit));
  }

  /// Gives several jobs.
  @POST
  @Path("jobs:query")
  public Response query(@Context HttpServletRequest request, InputStream body)
      throws RefusedException, IOException {
    byte[] bytes = read(request, body, QUERY_BYTES_MAX);
    NativeCall call = call(request);
    return answer(() -> inRoom(call, jobs.query(call, bytes)));
  }

  private Reply inRoom(NativeCall call, Reply reply) throws RefusedException {
    answers.take(call, reply.body().length);
    return reply;
  }

  /// Calls a job off.
  @POST
  @Path("jobs/{id}/cancel")
  public Response cancel(
      @Context HttpServletRequest request, @PathParam("id") String id, InputStream body)
      throws RefusedException, IOException {
    byte[] bytes = read(request, body, QUERY_BYTES_MAX);
    return answer(() -> jobs.cancel(call(request), id, bytes));
  }

  /// Lets a job that ended without an answer be tried again.
  @POST
  @Path("jobs/{id}/replay")
  public Response replay(
      @Context HttpServletRequest request, @PathParam("id") String id, InputStream body)
      throws RefusedException, IOException {
    byte[] bytes = read(request, body, QUERY_BYTES_MAX);
    return answer(() -> jobs.replay(call(request), id, bytes));
  }

  static NativeCall call(HttpServletRequest request) {
    return (NativeCall) Objects.requireNonNull(request.getAttribute(NativeCall.ATTRIBUTE));
  }

  private static byte[] read(HttpServletRequest request, InputStream body, long bytesMax)
      throws RefusedException, IOException {
    if (request.getContentLengthLong() <= bytesMax) {
      byte[] bytes = body.readNBytes((int) bytesMax + 1);
      if (bytes.length <= bytesMax) {
        return bytes;
      }
    }
    throw new RefusedException(
        new Refusal(
            413, null, 0, "the body is larger than " + bytesMax + " bytes; send less at a time"));
  }

  static Response answer(Answering answering) throws RefusedException, IOException {
    Reply reply;
    try {
      reply = answering.answer();
    } catch (StoreException e) {
      throw JobBook.intakeFull();
    }
    Response.ResponseBuilder response = Response.status(reply.status());
    reply.headers().forEach(response::header);
    if (reply.status() != 304) {
      response.type(reply.contentType()).entity(reply.body());
    }
    return response.build();
  }

  /// What answers a request.
  @FunctionalInterface
  interface Answering {
    Reply answer() throws RefusedException, IOException;
  }
}
