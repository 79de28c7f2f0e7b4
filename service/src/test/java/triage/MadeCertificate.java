package triage;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// A new certificate for this machine, which has signed itself or was issued by another, and its
/// key.
public final class MadeCertificate {
  private static final String PASSWORD = "not-a-secret";

  private final Path keys;
  private final String alias;
  private final X509Certificate certificate;
  private final PrivateKey key;

  private MadeCertificate(Path keys, String alias) throws Exception {
    this.keys = keys;
    this.alias = alias;
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(keys)) {
      store.load(in, PASSWORD.toCharArray());
    }
    certificate = (X509Certificate) store.getCertificate(alias);
    key = (PrivateKey) store.getKey(alias, PASSWORD.toCharArray());
  }

  /// Makes one that has signed itself.
  ///
  /// @param folder for files in between
  /// @param kind of key, such as `EC`
  /// @param more words for keytool, such as how long it is valid
  public static MadeCertificate of(Path folder, String kind, String... more) throws Exception {
    Path keys = Files.createTempFile(folder, "made", ".p12");
    Files.delete(keys);
    return make(keys, "server", kind, more);
  }

  /// Makes one that this one has issued.
  ///
  /// @param more words for keytool, such as its name: `-dname`, `CN=...`
  public MadeCertificate issue(String kind, String... more) throws Exception {
    List<String> words = new ArrayList<>(List.of("-signer", alias));
    words.addAll(List.of(more));
    return make(keys, alias + "-issued", kind, words.toArray(String[]::new));
  }

  private static MadeCertificate make(Path keys, String alias, String kind, String... more)
      throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of("-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC"));
    command.addAll(List.of("-genkeypair", "-alias", alias, "-keyalg", kind));
    command.addAll(List.of("-dname", "CN=localhost", "-ext", "san=dns:localhost,ip:127.0.0.1"));
    command.addAll(List.of("-keystore", keys.toString(), "-storetype", "PKCS12"));
    command.addAll(List.of("-storepass", PASSWORD));
    command.addAll(List.of(more));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (process.waitFor() != 0) {
      throw new AssertionError(said);
    }
    return new MadeCertificate(keys, alias);
  }

  public X509Certificate certificate() {
    return certificate;
  }

  public PrivateKey key() {
    return key;
  }

  public String certificatePem() throws Exception {
    return pem("CERTIFICATE", certificate.getEncoded());
  }

  public String keyPem() {
    return pem("PRIVATE KEY", key.getEncoded());
  }

  /// Writes both, as `server.pem` and `server.key`.
  public void writeTo(Path folder) throws Exception {
    Files.writeString(folder.resolve("server.key"), keyPem());
    Files.writeString(folder.resolve("server.pem"), certificatePem());
  }

  /// Gives what believes these certificates and no others.
  public static SSLContext believing(MadeCertificate... made) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    for (int i = 0; i < made.length; i++) {
      store.setCertificateEntry("made-" + i, made[i].certificate);
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  /// Gives the text form of something.
  public static String pem(String what, byte[] bytes) {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
    return "-----BEGIN " + what + "-----\n" + text + "\n-----END " + what + "-----\n";
  }
}
