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
import org.jspecify.annotations.Nullable;
import triage.gateway.RefusedException;

/// The paths of batches under `/api/v1`.
///
/// **Threads**: safe for use by several threads; each request on a virtual thread of its own.
@Path("/api/v1/batches")
public final class BatchesResource {
  private final Batches batches;

  BatchesResource(Batches batches) {
    this.batches = batches;
  }

  /// Takes a batch in.
  @POST
  public Response submit(@Context HttpServletRequest request, InputStream body)
      throws RefusedException, IOException {
    return AnalysesResource.answer(
        () -> batches.submit(AnalysesResource.call(request), request.getContentType(), body));
  }

  /// Tells how far a batch is.
  @GET
  @Path("{id}")
  public Response batch(@Context HttpServletRequest request, @PathParam("id") String id)
      throws RefusedException, IOException {
    return AnalysesResource.answer(() -> batches.get(AnalysesResource.call(request), id));
  }

  /// Tells what became of a batch's lines.
  @GET
  @Path("{id}/lines")
  public Response lines(
      @Context HttpServletRequest request,
      @PathParam("id") String id,
      @QueryParam("after") @Nullable String after,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("state") @Nullable String state)
      throws RefusedException, IOException {
    return AnalysesResource.answer(
        () -> batches.lines(AnalysesResource.call(request), id, LinePage.of(after, limit, state)));
  }
}
