package triage.perf.live;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/// One connection to a [SlotServer] and, one after another, its requests.
///
/// **Threads**: confined to the server's thread.
final class SlotConnection {
  private final SocketChannel channel;
  private final Wire wire;
  private final MessageParser parser = MessageParser.ofRequests();
  private boolean busy;
  private boolean asked;

  /// Takes a connection that stands.
  ///
  /// @param shown the certificate to show on TLS, or null to speak in the clear
  SlotConnection(SocketChannel channel, Selector selector, @Nullable SSLContext shown)
      throws IOException {
    this.channel = channel;
    this.wire = SecureWire.showing(channel, shown);
    channel.configureBlocking(false);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.register(selector, SelectionKey.OP_READ, this);
  }

  /// Takes what has come.
  ///
  /// @param scratch an empty buffer, empty again afterwards
  /// @return whether a request is whole and wants an answer
  /// @throws IOException if the caller has hung up, or sends what we do not take
  boolean read(ByteBuffer scratch) throws IOException {
    try {
      int count = wire.read(scratch);
      if (count < 0) {
        throw new IOException("hung up");
      }
      scratch.flip();
      if (count == 0) {
        return false; // TLS has something to say to itself.
      }
      if (busy) {
        throw new IOException("a request before the last one was answered");
      }
      busy = parser.parse(scratch);
      asked |= busy;
      if (scratch.hasRemaining()) {
        throw new IOException("bytes behind the request");
      }
      return busy;
    } catch (MessageParser.MalformedException e) {
      throw new IOException(e);
    } finally {
      scratch.clear();
    }
  }

  /// Gives the first line of the request.
  String startLine() {
    return parser.startLine();
  }

  /// Says whether a whole request has come.
  boolean hasAsked() {
    return asked;
  }

  /// Says whether the caller asks for a load report with the answer.
  boolean asksForLoad() {
    return parser.asksForLoad();
  }

  /// Answers the request, in one write.
  ///
  /// @param answer the whole of it; the buffer's own position is left alone
  /// @throws IOException if the caller is gone or does not read
  void answer(ByteBuffer answer) throws IOException {
    ByteBuffer bytes = answer.duplicate();
    if (wire.write(bytes) || bytes.hasRemaining()) {
      throw new IOException("the caller does not read");
    }
    boolean lasting = parser.lasting();
    busy = false;
    parser.begin();
    if (!lasting) {
      close();
    }
  }

  /// Says whether the caller is still there.
  boolean isOpen() {
    return channel.isOpen();
  }

  /// Closes the connection with a reset, as a process does that dies.
  void reset() {
    try {
      channel.setOption(StandardSocketOptions.SO_LINGER, 0);
    } catch (IOException e) {
      // The caller is gone already.
    }
    close();
  }

  /// Closes the connection.
  void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // Gone is all that was wanted.
    }
  }
}
