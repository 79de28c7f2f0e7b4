package triage.gateway;

import java.util.function.LongConsumer;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/// A request that tells how much of its body has been taken whenever more is waited for. The next
/// demand may have come already by then, on another thread.
final class CountedRequest extends Request.Wrapper {
  private final LongConsumer waitsAfter;
  private long bytes;

  CountedRequest(Request wrapped, LongConsumer waitsAfter) {
    super(wrapped);
    this.waitsAfter = waitsAfter;
  }

  @Override
  public Content.@Nullable Chunk read() {
    Content.Chunk chunk = super.read();
    bytes += chunk == null ? 0 : chunk.remaining();
    return chunk;
  }

  @Override
  public void demand(Runnable callback) {
    long taken = bytes;
    super.demand(callback);
    waitsAfter.accept(taken);
  }
}
