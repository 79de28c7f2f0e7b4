import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/// An authority of our own, and a certificate for this machine that it has issued, on the curve
/// P-256 and valid for a day: `authority.pem`, `server.pem` and its key `server.key`.
///
/// ```
/// java MadeCertificate.java FOLDER
/// ```
final class MadeCertificate {
  private static final String PASSWORD = "not-a-secret";

  private MadeCertificate() {}

  /// Makes them.
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    Path store = folder.resolve("server.p12");
    make(store, "authority", "-dname", "CN=An authority", "-ext", "bc:critical=ca:true");
    make(
        store, "server", "-dname", "CN=localhost", "-ext", "san=dns:localhost,ip:127.0.0.1",
        "-signer", "authority");
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    Files.delete(store);
    for (String alias : List.of("authority", "server")) {
      byte[] certificate = keys.getCertificate(alias).getEncoded();
      write(folder.resolve(alias + ".pem"), "CERTIFICATE", certificate);
    }
    write(
        folder.resolve("server.key"),
        "PRIVATE KEY",
        keys.getKey("server", PASSWORD.toCharArray()).getEncoded());
  }

  private static void make(Path store, String alias, String... more) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of("-genkeypair", "-alias", alias, "-keyalg", "EC"));
    command.addAll(List.of("-groupname", "secp256r1", "-validity", "1"));
    command.addAll(List.of("-keystore", store.toString(), "-storetype", "PKCS12"));
    command.addAll(List.of("-storepass", PASSWORD));
    command.addAll(List.of(more));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(said);
    }
  }

  private static void write(Path file, String what, byte[] bytes) throws IOException {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
    String form = "-----BEGIN %1$s-----%n%2$s%n-----END %1$s-----%n";
    Files.writeString(file, form.formatted(what, text));
  }
}
