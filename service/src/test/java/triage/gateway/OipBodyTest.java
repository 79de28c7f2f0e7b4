package triage.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class OipBodyTest {
  private static final byte[] PLAIN = "{}raw bytes".getBytes(UTF_8);

  @Test
  void partsJsonFromRawBytes() throws Exception {
    assertThat(OipBody.of(PLAIN, null, null, 100).jsonLength()).isEqualTo(PLAIN.length);
    assertThat(OipBody.of(PLAIN, "2", "identity", 100).jsonLength()).isEqualTo(2);
    assertThat(OipBody.of(PLAIN, " 0 ", null, 100).jsonLength()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-1", "+2", "2.0", "0x2", "12", "99999999999999999999", "two"})
  void refusesALengthThatDoesNotFit(String length) {
    assertThat(refused(PLAIN, length, null).message())
        .isEqualTo(
            "Inference-Header-Content-Length must be how many bytes of the body are JSON, 0 to 11,"
                + " the whole body");
  }

  @Test
  void freesABodyOfItsEncoding() throws Exception {
    OipBody zipped = OipBody.of(gzip(PLAIN), "2", "GZip", 100);
    assertThat(zipped.bytes()).isEqualTo(PLAIN);
    assertThat(zipped.jsonLength()).isEqualTo(2);
    assertThat(OipBody.of(zlib(PLAIN), null, "deflate", 100).bytes()).isEqualTo(PLAIN);
  }

  @Test
  void stopsAtTheBoundHoweverMuchABodyDecodesTo() throws Exception {
    byte[] bomb = gzip(new byte[50 << 20]);
    assertThat(bomb).hasSizeLessThan(100_000);
    Refusal refusal = refused(bomb, null, "gzip");
    assertThat(refusal.status()).isEqualTo(413);
    assertThat(refusal.message()).startsWith("the body decodes to more than 1000 bytes");
    assertThat(refused(zlib(new byte[1001]), null, "deflate").status()).isEqualTo(413);
  }

  @Test
  void refusesWhatIsNotEncodedAsItSays() throws Exception {
    byte[] cut = java.util.Arrays.copyOf(gzip(PLAIN), 15);
    assertThat(refused(cut, null, "gzip").status()).isEqualTo(400);
    assertThat(refused(PLAIN, null, "gzip").message())
        .isEqualTo("the body is not what its Content-Encoding says: gzip");
    assertThat(refused(PLAIN, null, "deflate").status()).isEqualTo(400);
    assertThat(refused(PLAIN, null, "br").status()).isEqualTo(415);
    assertThat(refused(gzip(PLAIN), null, "gzip, gzip").status()).isEqualTo(415);
  }

  private static Refusal refused(byte[] sent, @Nullable String length, @Nullable String encoding) {
    return catchThrowableOfType(
            RefusedException.class, () -> OipBody.of(sent, length, encoding, 1000))
        .refusal();
  }

  private static byte[] gzip(byte[] plain) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream stream = new GZIPOutputStream(bytes)) {
      stream.write(plain);
    }
    return bytes.toByteArray();
  }

  private static byte[] zlib(byte[] plain) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DeflaterOutputStream stream = new DeflaterOutputStream(bytes)) {
      stream.write(plain);
    }
    return bytes.toByteArray();
  }
}
