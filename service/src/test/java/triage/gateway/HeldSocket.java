package triage.gateway;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;

/// A socket that holds back what is written to it when it is told to, and sends that in whatever
/// pieces the test wants: half a record of TLS, for instance.
///
/// **Threads**: one may write while another passes on.
final class HeldSocket extends Socket {
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private boolean holds;
  private int passed;

  HeldSocket(InetAddress address, int port) throws IOException {
    super(address, port);
  }

  /// Holds back what is written from now on.
  synchronized void hold() {
    holds = true;
  }

  /// Gives how many bytes are held back.
  synchronized int held() {
    return written.size() - passed;
  }

  /// Sends the next bytes of what is held back, as many as there are at most.
  synchronized void pass(int most) throws IOException {
    int count = Math.min(most, held());
    super.getOutputStream().write(written.toByteArray(), passed, count);
    passed += count;
  }

  /// Sends what is held back, and holds back nothing from now on.
  synchronized void letGo() throws IOException {
    pass(held());
    holds = false;
  }

  @Override
  public OutputStream getOutputStream() throws IOException {
    OutputStream through = super.getOutputStream();
    return new OutputStream() {
      @Override
      public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int from, int count) throws IOException {
        synchronized (HeldSocket.this) {
          if (holds) {
            written.write(bytes, from, count);
          } else {
            through.write(bytes, from, count);
          }
        }
      }
    };
  }
}
