package triage.perf.live;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/// What carries the bytes of a connection that stands, never waiting: the socket itself, or TLS on
/// it.
///
/// **Threads**: confined to one thread.
interface Wire {
  /// Sends what can be sent at once.
  ///
  /// @param bytes what is left of them stays in there, or has been taken on by the wire
  ///
  /// @return whether more can be done as soon as the socket takes something
  boolean write(ByteBuffer bytes) throws IOException;

  /// Takes what has come; gives how much that was, 0 for none yet, and -1 at the end.
  ///
  /// @param bytes with room for 64 KiB
  int read(ByteBuffer bytes) throws IOException;

  /// Gives a wire in the clear.
  static Wire clear(SocketChannel channel) {
    return new Wire() {
      @Override
      public boolean write(ByteBuffer bytes) throws IOException {
        channel.write(bytes);
        return bytes.hasRemaining();
      }

      @Override
      public int read(ByteBuffer bytes) throws IOException {
        return channel.read(bytes);
      }
    };
  }
}
