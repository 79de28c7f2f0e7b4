package triage.app;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/// A port at which connections are refused until a test has somebody listen there, and again once
/// that has ended. Nobody else is given it meanwhile.
///
/// Who is to listen there must share the address (`SO_REUSEADDR`), as servers mostly do.
final class HeldPort implements AutoCloseable {
  private final Socket held = new Socket();

  HeldPort() throws IOException {
    held.setReuseAddress(true);
    held.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  int number() {
    return held.getLocalPort();
  }

  @Override
  public void close() throws IOException {
    held.close();
  }
}
