package triage.analysis;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A body in gzip that ends too soon: in itself, or since the connection ends.
final class BatchBodyTest {
  @ParameterizedTest
  @ValueSource(ints = {11, 15, 30})
  void isNoGzipWhereTheBodyIsWholeAndTheMemberIsNot(int length) throws Exception {
    InputStream body = new ByteArrayInputStream(Arrays.copyOf(gzip(), length));

    assertThatExceptionOfType(ZipException.class).isThrownBy(() -> read(body));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, 11, 15, 30})
  void breaksOffWhereTheBodyDoes(int length) throws Exception {
    InputStream body =
        new SequenceInputStream(
            new ByteArrayInputStream(Arrays.copyOf(gzip(), length)), new BrokenOff());

    assertThatExceptionOfType(EOFException.class)
        .isThrownBy(() -> read(body))
        .withMessage("connection lost");
  }

  private static void read(InputStream body) throws Exception {
    BatchBody.decoded(body, null, List.of("gzip")).readAllBytes();
  }

  private static byte[] gzip() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(
          "some lines of which not all come".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }
    return out.toByteArray();
  }

  /// What Jetty gives for a body whose connection has ended: the same however often it is asked.
  private static final class BrokenOff extends InputStream {
    @Override
    public int read() throws IOException {
      throw new EOFException("connection lost");
    }
  }
}
