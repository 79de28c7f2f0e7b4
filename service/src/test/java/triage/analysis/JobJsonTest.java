package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Which answers of models can be shown within a job.
final class JobJsonTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"outputs\":[]}",
        " [1, 2] ",
        "7",
        "{\"a\":\"J\u00e4ger \ud83d\ude00\"}",
        "\"\\u0000\""
      })
  void takesOneValueInUtf8(String text) {
    assertThat(JobJson.isJson(text.getBytes(StandardCharsets.UTF_8))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "{", "{}{}", "[1,]", "html", "\"\u0000\"", "{}\u0000"})
  void takesNothingElse(String text) {
    assertThat(JobJson.isJson(text.getBytes(StandardCharsets.UTF_8))).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "UTF-8, efbbbf",
    "UTF-16BE, ''",
    "UTF-16LE, ''",
    "UTF-16BE, feff",
    "UTF-16LE, fffe",
    "UTF-32BE, ''",
    "UTF-32LE, fffe0000"
  })
  void takesNoOtherEncodingAndNoByteOrderMark(Charset encoding, String mark) {
    String encoded = HexFormat.of().formatHex("{\"outputs\":[1]}".getBytes(encoding));

    assertThat(JobJson.isJson(HexFormat.of().parseHex(mark + encoded))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"c0af", "eda080", "e4", "ff"})
  void takesNoBytesThatAreNoUtf8(String bytes) {
    byte[] quoted = HexFormat.of().parseHex("22" + bytes + "22");

    assertThat(JobJson.isJson(quoted)).isFalse();
  }
}
