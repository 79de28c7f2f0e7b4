package triage.perf.live;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/// One connection to the server, kept alive, with at most one request under way.
///
/// **Threads**: confined to the generator's thread.
final class Connection {
  /// What a connection tells after bytes have come.
  enum Progress {
    /// The answer is not whole yet.
    PARTIAL,
    /// The answer is whole.
    WHOLE,
    /// The other side closed.
    CLOSED
  }

  private final SocketChannel channel;
  private final SelectionKey key;
  private final Wire wire;
  private final MessageParser parser = MessageParser.ofResponses();
  private @Nullable ByteBuffer unwritten;

  /// The request under way, or none.
  @Nullable Exchange exchange;

  /// Begins to connect.
  ///
  /// @param believed whom to believe on TLS, or null to speak in the clear
  Connection(InetSocketAddress target, Selector selector, @Nullable SSLContext believed)
      throws IOException {
    channel = SocketChannel.open();
    wire = SecureWire.on(channel, believed);
    try {
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      boolean connected = channel.connect(target);
      int interest = connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT;
      key = channel.register(selector, interest, this);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /// Sends a request: at once, or as soon as the connection stands and takes it.
  ///
  /// @param request its bytes; the buffer's own position is left alone
  void send(ByteBuffer request) throws IOException {
    parser.begin();
    unwritten = request.duplicate();
    if (channel.isConnected()) {
      write();
    }
  }

  /// Goes on with what could not be done before: connecting, writing.
  void proceed() throws IOException {
    if (key.isConnectable()) {
      channel.finishConnect();
    }
    write();
  }

  private void write() throws IOException {
    ByteBuffer rest = unwritten;
    boolean heldUp = false;
    if (rest != null) {
      heldUp = wire.write(rest);
      if (!heldUp && !rest.hasRemaining()) {
        unwritten = null;
      }
    }
    int interest = heldUp ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ;
    if (key.interestOps() != interest) {
      key.interestOps(interest);
    }
  }

  /// Takes what has come.
  ///
  /// @param scratch an empty buffer, empty again afterwards
  ///
  /// @throws SecondAnswerException if an answer comes that nobody has asked for
  Progress read(ByteBuffer scratch) throws IOException, MessageParser.MalformedException {
    int count = wire.read(scratch);
    if (count == 0) {
      write(); // A handshake may have gone on.
      return Progress.PARTIAL;
    }
    if (count > 0 && exchange == null) {
      scratch.clear();
      throw new SecondAnswerException();
    }
    scratch.flip();
    try {
      boolean whole = parser.parse(scratch);
      if (scratch.hasRemaining()) {
        throw new SecondAnswerException();
      }
      if (count < 0) {
        return parser.endsHere() ? Progress.WHOLE : Progress.CLOSED;
      }
      return whole ? Progress.WHOLE : Progress.PARTIAL;
    } finally {
      scratch.clear();
    }
  }

  /// Gives the status of the answer.
  int status() {
    return parser.status();
  }

  /// Gives the answer's `Triage-Reason`, or an empty string.
  String reason() {
    return parser.reason();
  }

  /// Says whether another request may be sent here after the answer.
  boolean lasting() {
    return parser.lasting();
  }

  /// Says whether all of the request has been sent.
  boolean isIdle() {
    return unwritten == null;
  }

  /// Says whether this connection can still be used.
  boolean isOpen() {
    return channel.isOpen();
  }

  /// Closes the connection, whatever is under way.
  void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // Gone is all that was wanted.
    }
  }
}
