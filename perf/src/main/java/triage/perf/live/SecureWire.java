package triage.perf.live;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/// TLS on a socket. The handshake goes on with whatever is read or written.
///
/// **Threads**: confined to one thread.
final class SecureWire implements Wire {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final SocketChannel channel;
  private final SSLEngine engine;
  private final int recordBytes;

  /// What has come and is not understood yet; ready to be written to.
  private final ByteBuffer in;

  /// What is to be sent; ready to be read from.
  private final ByteBuffer out;

  private boolean ended;

  private SecureWire(SocketChannel channel, SSLContext context, boolean asClient) {
    this.channel = channel;
    this.engine = context.createSSLEngine();
    engine.setUseClientMode(asClient);
    this.recordBytes = engine.getSession().getApplicationBufferSize();
    this.in = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    this.out = ByteBuffer.allocate(engine.getSession().getPacketBufferSize()).flip();
  }

  /// Gives a wire to a server that shows a certificate which `believed` has issued; in the clear
  /// where there is none.
  static Wire on(SocketChannel channel, @Nullable SSLContext believed) {
    return believed == null ? Wire.clear(channel) : new SecureWire(channel, believed, true);
  }

  /// Gives a wire to a client that is shown a certificate; in the clear where there is none.
  static Wire showing(SocketChannel channel, @Nullable SSLContext shown) {
    return shown == null ? Wire.clear(channel) : new SecureWire(channel, shown, false);
  }

  /// Gives what shows the certificates in a file, in PEM, the server's own first.
  ///
  /// @param key the file with its private key, on an elliptic curve, in PEM (PKCS 8)
  /// @throws IOException if they are not understood
  static SSLContext showing(Path certificates, Path key) throws IOException {
    try (InputStream in = Files.newInputStream(certificates)) {
      Certificate[] chain =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(in)
              .toArray(Certificate[]::new);
      String encoded = Files.readString(key).replaceAll("-----[A-Z ]+-----", "");
      PKCS8EncodedKeySpec read = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(encoded));
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      PrivateKey secret = KeyFactory.getInstance("EC").generatePrivate(read);
      store.setKeyEntry("server", secret, new char[0], chain);
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, new char[0]);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), null, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(
          certificates + ", " + key + " are not understood (expected: PEM, a key on a curve)", e);
    }
  }

  /// Gives what believes the certificates in a file, in PEM, and no others.
  ///
  /// @throws IOException if there are none
  static SSLContext believing(Path file) throws IOException {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      try (InputStream in = Files.newInputStream(file)) {
        for (Certificate each : factory.generateCertificates(in)) {
          store.setCertificateEntry("number-" + store.size(), each);
        }
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(file + " is not understood (expected: certificates in PEM)", e);
    }
  }

  @Override
  public boolean write(ByteBuffer bytes) throws IOException {
    while (true) {
      channel.write(out);
      if (out.hasRemaining()) {
        return true;
      }
      HandshakeStatus status = afterTasks();
      boolean due = status == HandshakeStatus.NEED_WRAP;
      if (status == HandshakeStatus.NEED_UNWRAP || (!due && !bytes.hasRemaining())) {
        return false; // The other side's turn, or nobody's.
      }
      out.clear();
      SSLEngineResult.Status made = engine.wrap(bytes, out).getStatus();
      out.flip();
      if (made == SSLEngineResult.Status.CLOSED) {
        throw new IOException("the other side has ended TLS");
      }
    }
  }

  @Override
  public int read(ByteBuffer bytes) throws IOException {
    int before = bytes.position();
    // What is in hand makes no more than its own length, and one record's room is asked for.
    while (!ended && bytes.remaining() >= in.capacity() + recordBytes) {
      int count = channel.read(in);
      ended |= count < 0;
      in.flip();
      understand(bytes);
      in.compact();
      if (count <= 0) {
        break;
      }
    }
    int taken = bytes.position() - before;
    return taken == 0 && ended ? -1 : taken;
  }

  private void understand(ByteBuffer bytes) throws IOException {
    int consumed = 1;
    while (consumed > 0 && in.hasRemaining()) {
      SSLEngineResult record = engine.unwrap(in, bytes);
      ended |= record.getStatus() == SSLEngineResult.Status.CLOSED;
      consumed = record.bytesConsumed();
      if (!ended && afterTasks() == HandshakeStatus.NEED_WRAP) {
        write(NOTHING);
      }
    }
  }

  private HandshakeStatus afterTasks() {
    while (engine.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
      engine.getDelegatedTask().run();
    }
    return engine.getHandshakeStatus();
  }
}
