package triage.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// Reads a stream of server-sent events, block by block, as it comes.
final class EventReader implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 30;

  private final HttpResponse<InputStream> response;
  private final BlockingQueue<Block> blocks = new LinkedBlockingQueue<>();

  /// What stands between two empty lines.
  ///
  /// @param event its kind; empty for a comment, a position or a retry time
  /// @param last whether the stream has ended; all else is then empty
  record Block(String id, String event, String data, String comment, String retry, boolean last) {}

  EventReader(RunningService service, HttpRequest request)
      throws IOException, InterruptedException {
    response = service.stream(request);
    Thread.startVirtualThread(this::read);
  }

  /// Opens a stream for the service's usual caller.
  ///
  /// @param lastEventId empty to begin with what is now
  static EventReader open(RunningService service, String path, String lastEventId)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = service.request(path);
    return new EventReader(
        service,
        lastEventId.isEmpty()
            ? request.build()
            : request.header("Last-Event-ID", lastEventId).build());
  }

  HttpResponse<InputStream> response() {
    return response;
  }

  /// Gives the next block.
  Block next() throws InterruptedException {
    Block block = blocks.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (block == null) {
      throw new AssertionError("nothing came within " + PATIENCE_SECONDS + " s");
    }
    return block;
  }

  /// Gives the next block of which this holds, and passes over those before it.
  Block next(Predicate<Block> wanted) throws InterruptedException {
    long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (System.nanoTime() - deadlineNanos < 0) {
      Block block = next();
      if (wanted.test(block)) {
        return block;
      }
      if (block.last()) {
        throw new AssertionError("the stream ended");
      }
    }
    throw new AssertionError("it did not come within " + PATIENCE_SECONDS + " s");
  }

  /// Gives the events up to the end of the stream.
  List<Block> rest() throws InterruptedException {
    List<Block> rest = new ArrayList<>();
    for (Block block = next(); !block.last(); block = next()) {
      if (!block.event().isEmpty()) {
        rest.add(block);
      }
    }
    return rest;
  }

  private void read() {
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(response.body(), UTF_8))) {
      List<String> block = new ArrayList<>();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.isEmpty()) {
          blocks.add(block(block));
          block.clear();
        } else {
          block.add(line);
        }
      }
    } catch (IOException _) {
      // Closed by whoever reads, or broken off.
    }
    blocks.add(new Block("", "", "", "", "", true));
  }

  private static Block block(List<String> lines) {
    return new Block(
        field(lines, "id: "),
        field(lines, "event: "),
        field(lines, "data: "),
        field(lines, ": "),
        field(lines, "retry: "),
        false);
  }

  private static String field(List<String> lines, String prefix) {
    return lines.stream()
        .filter(line -> line.startsWith(prefix))
        .map(line -> line.substring(prefix.length()))
        .findFirst()
        .orElse("");
  }

  @Override
  public void close() throws IOException {
    response.body().close();
  }
}
