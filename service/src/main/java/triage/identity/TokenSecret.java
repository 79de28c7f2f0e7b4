package triage.identity;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Collections;
import java.util.Set;

/// The secret that signs and verifies tokens. It comes from a file only: there is no default.
///
/// The file holds at least 32 random bytes as base64url text, and nobody but its owner may read it.
///
/// **Threads**: immutable.
public final class TokenSecret {
  private static final int BYTES_MIN = 32;
  private static final long FILE_BYTES_MAX = 4096;
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> OF_OTHERS =
      PosixFilePermissions.fromString("---rwxrwx");

  private final byte[] bytes;

  private TokenSecret(byte[] bytes) {
    this.bytes = bytes;
  }

  /// Gives a secret of these bytes, for tests.
  static TokenSecret of(byte[] bytes) {
    return new TokenSecret(bytes.clone());
  }

  /// Reads the secret, and makes it first where there is none. Of several processes that make it at
  /// the same time one does, and all of them give that one.
  ///
  /// @throws TokenSecretException if the file cannot be used or made: one line, with what to do
  public static TokenSecret readOrMake(Path file) {
    if (!Files.exists(file)) {
      make(file);
    }
    return read(file);
  }

  /// Reads the secret.
  ///
  /// @throws TokenSecretException if the file cannot be used: one line, with what to do
  public static TokenSecret read(Path file) {
    try {
      if (Files.isDirectory(file)) {
        throw new TokenSecretException(
            file + ": is a folder (expected: a file with the token secret); name a file");
      }
      if (!Collections.disjoint(Files.getPosixFilePermissions(file), OF_OTHERS)) {
        throw new TokenSecretException(
            file
                + ": open to others than its owner (expected: mode 0600); run chmod 600, and make a"
                + " new secret if somebody may have read it");
      }
      if (Files.size(file) > FILE_BYTES_MAX) {
        throw new TokenSecretException(
            file + ": too large for a token secret (expected: <= " + FILE_BYTES_MAX + " bytes)");
      }
      return new TokenSecret(decoded(file, Files.readString(file, StandardCharsets.ISO_8859_1)));
    } catch (NoSuchFileException e) {
      throw new TokenSecretException(file + ": not there (expected: the token secret)", e);
    } catch (IOException e) {
      throw new TokenSecretException(file + ": cannot be read: " + reason(e), e);
    }
  }

  byte[] bytes() {
    return bytes;
  }

  /// Gives a text that tells nothing.
  @Override
  public String toString() {
    return "TokenSecret[...]";
  }

  private static byte[] decoded(Path file, String text) {
    byte[] secret;
    try {
      secret = Base64.getUrlDecoder().decode(text.strip());
    } catch (IllegalArgumentException e) {
      // Neither message nor cause: they would quote a character of the secret.
      throw new TokenSecretException(
          file + ": not base64url text; remove it, and a new secret is made at the next start");
    }
    if (secret.length < BYTES_MIN) {
      throw new TokenSecretException(
          file
              + ": holds "
              + secret.length
              + " bytes (expected: >= "
              + BYTES_MIN
              + "); remove it, and a new secret is made at the next start");
    }
    return secret;
  }

  private static void make(Path file) {
    byte[] secret = new byte[BYTES_MIN];
    new SecureRandom().nextBytes(secret);
    String line = Base64.getUrlEncoder().withoutPadding().encodeToString(secret) + "\n";
    Path folder = file.toAbsolutePath().getParent();
    try {
      Files.createDirectories(folder);
      // Written in full under another name, then linked: the link fails if the name is taken, so
      // that no reader ever sees half a secret and no maker replaces another's.
      Path draft =
          Files.createTempFile(
              folder, ".token-secret", "", PosixFilePermissions.asFileAttribute(OWNER_ONLY));
      try {
        writeDurably(draft, line);
        Files.createLink(file, draft);
      } catch (FileAlreadyExistsException e) {
        return;
      } finally {
        Files.deleteIfExists(draft);
      }
      try (FileChannel entries = FileChannel.open(folder, StandardOpenOption.READ)) {
        entries.force(true);
      }
    } catch (IOException | UnsupportedOperationException e) {
      throw new TokenSecretException(
          file + ": cannot be made: " + reason(e) + "; name another place by identity.secretFile",
          e);
    }
  }

  private static void writeDurably(Path file, String line) throws IOException {
    try (FileChannel out = FileChannel.open(file, StandardOpenOption.WRITE)) {
      ByteBuffer rest = ByteBuffer.wrap(line.getBytes(StandardCharsets.ISO_8859_1));
      while (rest.hasRemaining()) {
        out.write(rest);
      }
      out.force(true);
    }
  }

  private static String reason(Exception e) {
    if (e instanceof FileSystemException failure && failure.getReason() != null) {
      return failure.getReason();
    }
    return e.getClass().getSimpleName();
  }
}
