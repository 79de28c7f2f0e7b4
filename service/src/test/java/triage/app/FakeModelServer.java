package triage.app;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/// A model server that answers when it is told to, and remembers what it was asked.
final class FakeModelServer implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Semaphore answers = new Semaphore(0);
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final AtomicInteger underWay = new AtomicInteger();
  private volatile int status = 200;
  private volatile int bytesMore;

  FakeModelServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  String url() {
    return "http://127.0.0.1:" + port();
  }

  /// Lets this many requests be answered.
  void release(int requests) {
    answers.release(requests);
  }

  /// Lets no more requests be answered.
  void hold() {
    answers.drainPermits();
  }

  /// Answers all that a service has in hand, deletes what waits there, and lets no more be answered
  /// afterwards: nothing of it can come later and take an answer that another test lets go.
  void answerAll(RunningService service) {
    release(1_000_000);
    RunningService.await(
        "nothing under way",
        () -> {
          service.execute("DELETE FROM jobs WHERE state = 'waiting'");
          return service.count("SELECT count(*) FROM jobs WHERE finished_at IS NULL") == 0
              && underWay() == 0;
        });
    hold();
  }

  void answerWith(int newStatus) {
    status = newStatus;
  }

  /// Makes each answer larger by so many bytes from here on.
  void answerWithMore(int bytes) {
    bytesMore = bytes;
  }

  /// Gives the bodies of the requests that have come, in their order.
  List<String> asked() {
    return asked;
  }

  private void answer(HttpExchange exchange) throws IOException {
    underWay.incrementAndGet();
    try {
      answerOnce(exchange);
    } finally {
      underWay.decrementAndGet();
    }
  }

  /// Gives how many requests have come and are not answered yet.
  int underWay() {
    return underWay.get();
  }

  private void answerOnce(HttpExchange exchange) throws IOException {
    asked.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    try {
      answers.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    String more = bytesMore == 0 ? "" : ",\"id\":\"" + "x".repeat(bytesMore) + "\"";
    byte[] body = ("{\"outputs\":[]" + more + "}").getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
