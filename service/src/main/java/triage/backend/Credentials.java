package triage.backend;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The secret that one model server wants to see, in memory. It is in no log, no message and no
/// text form of this.
///
/// **Threads**: safe for use by several threads.
final class Credentials {
  private static final Logger LOG = LoggerFactory.getLogger(Credentials.class);
  private static final int BYTES_MAX = 8 << 10;

  private final Path file;
  private final CredentialSettings settings;
  private volatile String value;

  private Credentials(Path file, CredentialSettings settings) throws IOException {
    this.file = file;
    this.settings = settings;
    this.value = read();
  }

  /// Reads the secret.
  ///
  /// @throws IOException if there is none in the file; the message is one line for the operator and
  ///     names no content
  static Credentials read(Path folder, CredentialSettings settings) throws IOException {
    return new Credentials(folder.resolve(settings.file()), settings);
  }

  private String read() throws IOException {
    String secret;
    try {
      if (Files.size(file) > BYTES_MAX) {
        throw new IOException(file + " is too large (expected: a secret of at most 8 KiB)");
      }
      secret = Files.readString(file).strip();
    } catch (FileSystemException e) {
      throw new IOException(file + " cannot be read (expected: the file with the secret)", e);
    }
    if (!secret.matches("[!-~]+( [!-~]+)*")) {
      throw new IOException(file + " holds no secret (expected: one line of printable ASCII)");
    }
    return settings.scheme().isEmpty() ? secret : settings.scheme() + " " + secret;
  }

  /// Reads the secret again; one that cannot be read leaves the last one in use.
  void refresh() {
    try {
      value = read();
    } catch (IOException e) {
      LOG.warn("event=credentials-unreadable file={}", file);
    }
  }

  /// Gives the name of the header that carries it.
  String header() {
    return settings.header();
  }

  /// Gives the value of that header.
  String value() {
    return value;
  }
}
