package triage.app;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// A model server whose answers a test writes byte by byte, and which keeps what it was asked.
final class ScriptedServer implements AutoCloseable {
  private final ServerSocket listening;
  private volatile Script script;
  private final BlockingQueue<Asked> asked = new LinkedBlockingQueue<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();

  /// A request as it came over the wire.
  ///
  /// @param head request line and headers, each ended by a carriage return and a line feed
  /// @param body without its framing
  record Asked(String head, byte[] body) {
    /// Gives the value of a header, or the empty string.
    String header(String name) {
      return Arrays.stream(head.split("\r\n"))
          .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT)))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("");
    }
  }

  /// Writes the answer to one request. The connection is closed when it returns false or throws.
  @FunctionalInterface
  interface Script {
    boolean answer(Asked request, Wire wire) throws Exception;
  }

  /// The connection that an answer is written to.
  record Wire(InputStream in, OutputStream out) {
    Wire write(String text) throws IOException {
      return write(text.getBytes(ISO_8859_1));
    }

    Wire write(byte[] bytes) throws IOException {
      out.write(bytes);
      out.flush();
      return this;
    }

    /// Writes one chunk of a chunked body.
    Wire chunk(byte[] bytes) throws IOException {
      ByteArrayOutputStream framed = new ByteArrayOutputStream();
      framed.writeBytes((Integer.toHexString(bytes.length) + "\r\n").getBytes(ISO_8859_1));
      framed.writeBytes(bytes);
      framed.writeBytes("\r\n".getBytes(ISO_8859_1));
      return write(framed.toByteArray());
    }

    Wire chunk(String text) throws IOException {
      return chunk(text.getBytes(ISO_8859_1));
    }

    /// Waits until the other side closes the connection.
    boolean awaitClose() throws IOException {
      try {
        return in.read() == -1;
      } catch (java.net.SocketException reset) {
        return true;
      }
    }
  }

  private ScriptedServer(ServerSocket listening, Script script) {
    this.listening = listening;
    this.script = script;
  }

  static ScriptedServer start(Script script) throws IOException {
    ServerSocket listening = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    ScriptedServer server = new ScriptedServer(listening, script);
    Thread.startVirtualThread(server::accept);
    return server;
  }

  /// Starts a server that gives an empty object until it is told otherwise.
  static ScriptedServer start() throws IOException {
    String head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    return start(answering(head, new byte[] {'{', '}'}));
  }

  /// Gives the script of a server that always gives this answer.
  static Script answering(String head, byte[] body) {
    return (_, wire) -> {
      wire.write(head + "Content-Length: " + body.length + "\r\n\r\n").write(body);
      return true;
    };
  }

  /// Changes the answers from the next request on, and forgets what was asked.
  void follow(Script next) {
    script = next;
    asked.clear();
  }

  String url() {
    return "http://127.0.0.1:" + listening.getLocalPort();
  }

  /// Gives the next request that came, waiting for it.
  Asked asked() throws InterruptedException {
    Asked next = asked.poll(30, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("nothing was asked within 30 s");
    }
    return next;
  }

  /// Tells whether it was asked anything that a test has not looked at yet.
  boolean wasAsked() {
    return !asked.isEmpty();
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = listening.accept();
        socket.setTcpNoDelay(true);
        sockets.add(socket);
        Thread.startVirtualThread(() -> serve(socket));
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream in = new BufferedInputStream(socket.getInputStream());
      Wire wire = new Wire(in, socket.getOutputStream());
      boolean more = true;
      while (more) {
        Asked request = read(in);
        asked.add(request);
        more = script.answer(request, wire);
      }
    } catch (Exception ended) {
      // The other side has closed the connection, or the script wants it closed.
    }
  }

  private static Asked read(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("closed");
      }
      head.append((char) next);
    }
    Asked begun = new Asked(head.toString(), new byte[0]);
    String length = begun.header("Content-Length:");
    byte[] body = length.isEmpty() ? chunks(begun, in) : in.readNBytes(Integer.parseInt(length));
    return new Asked(head.toString(), body);
  }

  private static byte[] chunks(Asked begun, InputStream in) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    if (begun.header("Transfer-Encoding:").isEmpty()) {
      return body.toByteArray();
    }
    while (true) {
      StringBuilder size = new StringBuilder();
      while (size.indexOf("\r\n") < 0) {
        size.append((char) in.read());
      }
      int length = Integer.parseInt(size.toString().strip(), 16);
      body.writeBytes(in.readNBytes(length));
      in.readNBytes(2);
      if (length == 0) {
        return body.toByteArray();
      }
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
