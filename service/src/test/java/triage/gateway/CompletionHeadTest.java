package triage.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CompletionHeadTest {

  @Test
  void findsItsMembersWhereverTheyStand() throws Exception {
    assertThat(read("{\"messages\":[{\"model\":\"no\"}],\"max_tokens\":7,\"model\":\"m\"}"))
        .isEqualTo(new CompletionHead("m", false, 7));
    assertThat(read(" {\"stream\": true, \"max_tokens\": null, \"model\": \"a/b:c\", \"n\": 2}\n"))
        .isEqualTo(new CompletionHead("a/b:c", true, 0));
    assertThat(read("{\"model\":\"\\u006d\",\"stream\":null,\"max_completion_tokens\":9}"))
        .isEqualTo(new CompletionHead("m", false, 9));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                             | the body ",
        "[]                             | the body must be one JSON object",
        "{}                             | `model` is missing",
        "{\"model\":1}                  | `model` must be a string",
        "{\"model\":\"\"}               | `model` must be a string",
        "{\"model\":\"a\",\"model\":\"b\"} | a member stands twice",
        "{\"model\":\"a\",\"x\":{\"y\":1,\"y\":2}} | a member stands twice",
        "{\"model\":\"a\",\"stream\":1} | `stream` must be true or false",
        "{\"model\":\"a\",\"max_tokens\":\"7\"} | `max_tokens` must be a whole number",
        "{\"model\":\"a\",\"max_tokens\":-1} | `max_tokens` must be a whole number",
        "{\"model\":\"a\",\"max_tokens\":1e3} | `max_tokens` must be a whole number",
        "{\"model\":\"a\",\"max_tokens\":99999999999999999999} | `max_tokens` must be a whole",
        "{\"model\":\"a\"               | the body ends in the middle",
        "{\"model\":\"a\",\"stream\":tru | the body is not valid JSON",
        "{\"model\":\"a\"} {}           | something follows",
        "{'model':'a'}                  | the body is not valid JSON",
        "{\"model\":\"a\",\"x\":NaN}    | the body is not valid JSON",
      },
      quoteCharacter = '~')
  void refusesWhatItCannotRead(String body, String message) {
    assertThat(refused(body.equals("''") ? "" : body).message()).startsWith(message);
  }

  @Test
  void namesTheMemberThatIsWrong() {
    assertThat(refused("{}").param()).isEqualTo("model");
    assertThat(refused("{\"model\":\"m\",\"max_tokens\":true}").param()).isEqualTo("max_tokens");
    assertThat(refused("nonsense").param()).isNull();
  }

  @Test
  void boundsDepthAndLengths() {
    assertThat(
            refused("{\"model\":\"m\",\"x\":" + "[".repeat(300) + "]".repeat(300) + "}").message())
        .startsWith("the JSON is nested too deep");
    assertThat(refused("{\"model\":\"" + "m".repeat(257) + "\"}").message())
        .startsWith("`model` must be a string of 1 to 256");
  }

  /// The body is cut at every byte: what has come is never taken for a fault.
  @Test
  void takesAFirstPartThatEndsAnywhere() throws Exception {
    String text =
        "{\"model\":\"m\",\"a\":\"x\u00e4\u20ac\",\"stream\":true,\"b\":[null,1.5e3,{}],"
            + "\"max_tokens\":1234}";
    byte[] body = text.getBytes(UTF_8);
    int afterModel = "{\"model\":\"m\"".length();
    for (int cut = afterModel; cut < body.length; cut++) {
      CompletionHead head = CompletionHead.read(ByteBuffer.wrap(Arrays.copyOf(body, cut)), false);
      assertThat(head.model()).isEqualTo("m");
      assertThat(head.tokensMax()).as("cut at " + cut).isIn(0L, 1234L);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"messages\":[\"long", "{\"model\":\"m", "{"})
  void asksForTheModelEarlyInALongBody(String begun) {
    RefusedException refused =
        catchThrowableOfType(
            RefusedException.class,
            () -> CompletionHead.read(ByteBuffer.wrap(begun.getBytes(UTF_8)), false));
    assertThat(refused.refusal().message())
        .isEqualTo("`model` is not in the first 262144 bytes; put it first");
  }

  private static CompletionHead read(String body) throws RefusedException {
    return CompletionHead.read(ByteBuffer.wrap(body.getBytes(UTF_8)), true);
  }

  private static Refusal refused(String body) {
    return catchThrowableOfType(RefusedException.class, () -> read(body)).refusal();
  }
}
