package triage.analysis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import triage.gateway.RefusedException;

/// What the OpenAPI document allows in a submission is what the reader takes.
class DocumentedSubmissionTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "m",
        "1.0-b_2",
        ".m",
        "a b",
        "a@b",
        "a/b",
        "\u0000",
        "a\u001fb",
        "\u007fa",
        "a\u0085",
        "\u00e4 \u20ac",
        "64",
        "65",
        "128",
        "129"
      })
  void saysWhatTheReaderTakes(String value) throws IOException {
    // A number is how long the text is.
    String text = value.matches("[0-9]{2,}") ? "k".repeat(Integer.parseInt(value)) : value;
    JsonNode members = analysis().get("properties");
    for (String member : new String[] {"model", "version", "study", "site", "subject"}) {
      assertThat(allows(members.get(member), text))
          .as(member + " of " + text)
          .isEqualTo(takes(member, text));
    }
  }

  private static JsonNode analysis() throws IOException {
    try (InputStream document =
        SubmissionReader.class.getResourceAsStream("/triage/api/openapi.json")) {
      return JSON.readTree(document).at("/components/schemas/Analysis");
    }
  }

  private static boolean allows(JsonNode rule, String text) {
    return text.length() >= rule.path("minLength").asInt(0)
        && text.length() <= rule.path("maxLength").asInt(Integer.MAX_VALUE)
        && Pattern.compile(ending(rule.path("pattern").asText(""))).matcher(text).find();
  }

  /// To Java, `$` is also before a last line break; to JSON Schema it is not.
  private static String ending(String pattern) {
    return pattern.replaceAll("\\$$", "\\\\z");
  }

  private static boolean takes(String member, String text) throws IOException {
    var submission = JSON.createObjectNode().put("model", "m").put("study", "s").put(member, text);
    submission.putObject("input").putArray("inputs");
    try {
      var _ =
          SubmissionReader.read(
              JSON.writeValueAsString(submission).getBytes(UTF_8), SubmissionReader.BODY);
      return true;
    } catch (RefusedException e) {
      return false;
    }
  }
}
