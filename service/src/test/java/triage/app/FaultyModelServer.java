package triage.app;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// A model server on bare sockets, which answers exactly what it is told to, or breaks off.
final class FaultyModelServer implements AutoCloseable {
  /// What it does with a request.
  enum Conduct {
    /// Answers 200.
    SERVES,
    /// Closes the connection with a reset, before anything of an answer.
    RESETS,
    /// Gives half of an answer and closes the connection with a reset.
    CUTS,
    /// Never answers.
    HANGS,
    /// Answers with [#status].
    ANSWERS
  }

  private static final String BODY = "{\"outputs\":[]}";

  private final ServerSocket listener;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger inferences = new AtomicInteger();
  private final AtomicInteger probes = new AtomicInteger();
  private volatile Conduct conduct = Conduct.SERVES;
  private volatile String status = "200 OK";
  private volatile boolean ready = true;
  private volatile String lastHead = "";

  FaultyModelServer() throws IOException {
    this(0);
  }

  FaultyModelServer(int port) throws IOException {
    this(new ServerSocket(port, 100, InetAddress.getLoopbackAddress()));
  }

  FaultyModelServer(ServerSocket listener) {
    this.listener = listener;
    Thread.startVirtualThread(this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  String url() {
    return "http://127.0.0.1:" + port();
  }

  void conduct(Conduct wanted) {
    conduct = wanted;
  }

  /// Answers from now on with this status line and these headers, each with its end of line.
  void answer(String statusAndHeaders) {
    status = statusAndHeaders;
    conduct = Conduct.ANSWERS;
  }

  void ready(boolean wanted) {
    ready = wanted;
  }

  /// Gives how many inferences it was asked for.
  int inferences() {
    return inferences.get();
  }

  /// Gives how often it was asked whether it is ready.
  int probes() {
    return probes.get();
  }

  /// Gives the request line and the headers of the last inference, in small letters.
  String lastHead() {
    return lastHead;
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = listener.accept();
        open.add(socket);
        Thread.startVirtualThread(() -> serve(socket));
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream in = new BufferedInputStream(socket.getInputStream());
      for (String head = head(in); !head.isEmpty(); head = head(in)) {
        in.readNBytes(length(head));
        if (head.startsWith("get ")) {
          probes.incrementAndGet();
          write(socket, (ready ? "200 OK" : "503 Not Ready") + "\r\n", BODY);
        } else if (!infer(socket, head)) {
          return;
        }
      }
    } catch (IOException e) {
      // The caller has gone, or the test is over.
    } finally {
      open.remove(socket);
    }
  }

  private boolean infer(Socket socket, String head) throws IOException {
    lastHead = head;
    inferences.incrementAndGet();
    switch (conduct) {
      case SERVES -> write(socket, "200 OK\r\n", BODY);
      case ANSWERS -> write(socket, status, BODY);
      case HANGS -> socket.getInputStream().read();
      case RESETS -> {
        socket.setSoLinger(true, 0);
        return false;
      }
      case CUTS -> {
        String half = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + BODY;
        socket.getOutputStream().write(half.getBytes(ISO_8859_1));
        socket.getOutputStream().flush();
        return false;
      }
    }
    return true;
  }

  private static void write(Socket socket, String statusAndHeaders, String body)
      throws IOException {
    String text =
        "HTTP/1.1 "
            + statusAndHeaders
            + "Content-Type: application/json\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body;
    socket.getOutputStream().write(text.getBytes(ISO_8859_1));
    socket.getOutputStream().flush();
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
      int next = in.read();
      if (next < 0) {
        return "";
      }
      head.append((char) next);
    }
    return head.toString().toLowerCase(Locale.ROOT);
  }

  private static int length(String head) {
    return head.lines()
        .filter(line -> line.startsWith("content-length:"))
        .mapToInt(line -> Integer.parseInt(line.substring(line.indexOf(':') + 1).strip()))
        .findFirst()
        .orElse(0);
  }

  /// Stops listening, and breaks every connection off.
  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
