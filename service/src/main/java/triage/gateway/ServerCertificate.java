package triage.gateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.backend.PemCertificates;

/// The certificate that callers see, read again when its file has another one: what is renewed is
/// shown from the next connection on. A new one that cannot be used leaves the last one in place.
///
/// There is one certificate for all names that callers may have for this server, so that nobody is
/// refused for the name in SNI (decision 0033).
///
/// **Threads**: safe for use by several threads; looks are taken by one of its own.
public final class ServerCertificate implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ServerCertificate.class);
  private static final Duration LOOK = Duration.ofSeconds(5);

  /// Of a store that is never written.
  private static final String IN_MEMORY = "in-memory";

  private final Path certificateFile;
  private final Path keyFile;
  private final InstantSource clock;
  private final SslContextFactory.Server contexts = new SslContextFactory.Server();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("certificate").daemon().factory());
  private volatile Certified shown;

  /// How many looks in a row have found what cannot be used, and what was complained of last;
  /// confined to the thread that looks.
  private int failures;

  private String complaint = "";

  /// Reads the certificate; nobody looks again before [#start()].
  ///
  /// @param folder where relative paths start
  /// @throws IOException if it cannot be used; the message is one line for operators that begins
  ///     with the setting
  public ServerCertificate(CertificateSettings settings, Path folder, InstantSource clock)
      throws IOException {
    this.certificateFile = folder.resolve(settings.certificateFile());
    this.keyFile = folder.resolve(settings.keyFile());
    this.clock = clock;
    this.shown = read(chain());
    prepare(contexts, shown);
    warnOfOthers();
  }

  private static void prepare(SslContextFactory.Server contexts, Certified certified) {
    contexts.setKeyStore(certified.store(IN_MEMORY));
    contexts.setKeyStorePassword(IN_MEMORY);
    contexts.setIncludeProtocols("TLSv1.3", "TLSv1.2");
    contexts.setRenegotiationAllowed(false);
  }

  /// Says where others on this machine can read the key. They are not refused, since secrets that
  /// are mounted into containers often come so.
  private void warnOfOthers() throws IOException {
    PosixFileAttributeView posix =
        Files.getFileAttributeView(keyFile, PosixFileAttributeView.class);
    if (posix != null
        && posix.readAttributes().permissions().contains(PosixFilePermission.OTHERS_READ)) {
      LOG.warn("event=key-readable-by-others file={} hint=\"chmod o-rwx\"", keyFile);
    }
  }

  /// Begins to look whether the certificate has been renewed.
  public void start() {
    long nanos = LOOK.toNanos();
    var _ = timer.scheduleWithFixedDelay(this::look, nanos, nanos, TimeUnit.NANOSECONDS);
  }

  /// Gives when the certificate that is shown expires, or one that issued it, if earlier.
  public Instant ends() {
    return shown.ends();
  }

  SslContextFactory.Server contexts() {
    return contexts;
  }

  /// Looks once. Files that are being replaced one after the other do not belong together for a
  /// moment: only what is still so at the next look is complained of, once for each reason.
  void look() {
    try {
      List<X509Certificate> chain = chain();
      if (!chain.equals(shown.chain())) {
        Certified renewed = read(chain);
        tryOut(renewed);
        contexts.reload(same -> same.setKeyStore(renewed.store(IN_MEMORY)));
        shown = renewed;
        LOG.info("event=certificate-renewed file={} ends={}", certificateFile, renewed.ends());
      }
      failures = 0;
      complaint = "";
    } catch (Exception e) {
      String why = String.valueOf(e.getMessage());
      failures++;
      if (failures > 1 && !why.equals(complaint)) {
        complaint = why;
        LOG.warn("event=certificate-not-renewed ends={} why={}", ends(), why);
      }
    }
  }

  /// Starts what nobody uses with it: a reload that fails would leave no certificate at all.
  private static void tryOut(Certified renewed) throws Exception {
    SslContextFactory.Server trial = new SslContextFactory.Server();
    prepare(trial, renewed);
    trial.start();
    trial.stop();
  }

  private List<X509Certificate> chain() throws IOException {
    try {
      return PemCertificates.read(certificateFile);
    } catch (IOException e) {
      throw new IOException("certificateFile: " + e.getMessage(), e);
    }
  }

  private Certified read(List<X509Certificate> chain) throws IOException {
    return Certified.of(chain, certificateFile, keyFile, clock.instant());
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
