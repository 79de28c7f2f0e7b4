package triage.analysis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinesTest {
  private static final long MAX = 1 << 20;

  @Test
  void endsLinesWithLfCrLfOrTheEnd() throws Exception {
    List<Lines.Line> lines = all(new Lines(body("a\n\r\nb\r\n c \nd"), 3, MAX));

    assertThat(lines).extracting(LinesTest::text).containsExactly("a", "", "b", " c ", "d");
    assertThat(lines).extracting(Lines.Line::number).containsExactly(1L, 2L, 3L, 4L, 5L);
    assertThat(lines)
        .extracting(Lines.Line::isBlank)
        .containsExactly(false, true, false, false, false);
    assertThat(all(new Lines(body(""), 3, MAX))).isEmpty();
    assertThat(all(new Lines(body("\n"), 3, MAX))).hasSize(1);
  }

  @Test
  void readsOverWhatIsTooLong() throws Exception {
    String longest = "x".repeat(100_000);
    List<Lines.Line> lines =
        all(new Lines(body("a\n" + longest + "\n" + longest + "y\r\nxxxx\r\nb"), 4, MAX));

    assertThat(lines).extracting(LinesTest::text).containsExactly("a", null, null, "xxxx", "b");
    assertThat(lines.get(1).isBlank()).isFalse();
    assertThat(hex(lines.get(1).sha256())).isEqualTo(sha256(longest));
    assertThat(hex(lines.get(2).sha256())).isEqualTo(sha256(longest + "y\r"));
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void givesTheSameHoweverTheBodyIsParted(long seed) throws Exception {
    Random random = new Random(seed);
    StringBuilder text = new StringBuilder();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      String line = "z".repeat(random.nextInt(400));
      expected.add(line.length() > 300 ? null : line);
      text.append(line).append(random.nextBoolean() ? "\n" : "\r\n");
    }
    InputStream parted =
        new InputStream() {
          private final InputStream whole = body(text.toString());

          @Override
          public int read() throws IOException {
            return whole.read();
          }

          @Override
          public int read(byte[] bytes, int offset, int length) throws IOException {
            return whole.read(bytes, offset, Math.min(length, 1 + random.nextInt(50)));
          }
        };
    Lines lines = new Lines(parted, 300, MAX);

    assertThat(all(lines)).extracting(LinesTest::text).containsExactlyElementsOf(expected);
    assertThat(hex(lines.sha256OfAll())).isEqualTo(sha256(text.toString()));
    assertThat(lines.bytes()).isEqualTo(text.length());
  }

  @Test
  void makesNoLineOfWhatBreaksOff() throws Exception {
    InputStream broken =
        new SequenceInputStream(
            body("whole\nhal"),
            new InputStream() {
              @Override
              public int read() throws IOException {
                throw new EOFException();
              }
            });
    Lines lines = new Lines(broken, 100, MAX);

    assertThat(text(lines.next())).isEqualTo("whole");
    assertThatExceptionOfType(EOFException.class).isThrownBy(lines::next);
  }

  @Test
  void skipsTheRestAndHasItsDigest() throws Exception {
    Lines lines = new Lines(body("a\n" + "x".repeat(100_000)), 10, 100_002);
    lines.next();
    boolean more = true;
    while (more) {
      more = lines.skip();
    }
    assertThat(hex(lines.sha256OfAll())).isEqualTo(sha256("a\n" + "x".repeat(100_000)));
    assertThat(lines.next()).isNull();
  }

  @Test
  void endsWhereTheBodyGoesBeyondItsBoundThoughNoLineEnds() throws Exception {
    CountingStream endless = new CountingStream();
    Lines lines = new Lines(endless, 10, 1_000_000);

    assertThatExceptionOfType(Lines.TooLongException.class).isThrownBy(lines::next);
    assertThat(endless.given).isLessThan(1_100_000);
    // What is as long as it may be is taken.
    assertThat(all(new Lines(body("x".repeat(100)), 10, 100))).hasSize(1);
  }

  /// A body of one line, of two million bytes.
  private static final class CountingStream extends InputStream {
    private int given;

    @Override
    public int read() {
      return given++ < 2_000_000 ? 'x' : -1;
    }
  }

  private static List<Lines.Line> all(Lines lines) throws IOException {
    List<Lines.Line> all = new ArrayList<>();
    for (Lines.Line line = lines.next(); line != null; line = lines.next()) {
      all.add(line);
    }
    return all;
  }

  private static String text(Lines.Line line) {
    return line.text() == null ? null : new String(line.text(), UTF_8);
  }

  private static InputStream body(String text) {
    return new ByteArrayInputStream(text.getBytes(UTF_8));
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  private static String sha256(String text) throws Exception {
    return hex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8)));
  }
}
