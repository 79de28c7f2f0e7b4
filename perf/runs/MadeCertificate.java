import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;

/// A certificate for this machine that has signed itself, and its key, on the curve P-256 and valid
/// for a day: `server.pem` and `server.key`.
///
/// ```
/// java MadeCertificate.java FOLDER
/// ```
final class MadeCertificate {
  private static final String PASSWORD = "not-a-secret";

  private MadeCertificate() {}

  /// Makes one.
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    Path store = folder.resolve("server.p12");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
            "-genkeypair", "-alias", "server", "-keyalg", "EC", "-groupname", "secp256r1",
            "-dname", "CN=localhost", "-ext", "san=dns:localhost,ip:127.0.0.1",
            "-validity", "1", "-keystore", store.toString(), "-storetype", "PKCS12",
            "-storepass", PASSWORD);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(said);
    }
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    Files.delete(store);
    write(folder.resolve("server.pem"), "CERTIFICATE", keys.getCertificate("server").getEncoded());
    write(
        folder.resolve("server.key"),
        "PRIVATE KEY",
        keys.getKey("server", PASSWORD.toCharArray()).getEncoded());
  }

  private static void write(Path file, String what, byte[] bytes) throws IOException {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
    String form = "-----BEGIN %1$s-----%n%2$s%n-----END %1$s-----%n";
    Files.writeString(file, form.formatted(what, text));
  }
}
