package triage.analysis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import triage.gateway.RefusedException;

class SubmissionReaderTest {
  private static final String HEAD = "{\"model\":\"m\",\"study\":\"S-1\",";

  @Test
  void keepsTheInferenceRequestAsItWasWritten() throws RefusedException {
    String input = "{ \"id\" : \"\u00e4\",\n \"inputs\":[{\"name\":\"x\",\"data\":[1.50]}] }";

    Submission read =
        SubmissionReader.read(
            (HEAD + "\"site\":\"07\", \"input\" : " + input + " ,\"subject\":\"7-\u00fc\"}\n")
                .getBytes(UTF_8),
            SubmissionReader.BODY);

    assertThat(new String(read.input(), UTF_8)).isEqualTo(input);
    assertThat(read.model()).isEqualTo("m");
    assertThat(read.version()).isNull();
    assertThat(read.study()).isEqualTo("S-1");
    assertThat(read.site()).isEqualTo("07");
    assertThat(read.subject()).isEqualTo("7-\u00fc");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      textBlock =
          """
          [1]                                          | one JSON object
          {"study":"s","input":{"inputs":[]}}          | `/model` is missing
          {"model":"m","input":{"inputs":[]}}          | `/study` is missing
          {"model":"m","study":"s"}                    | `/input` is missing
          {"model":"m","study":"s","input":{}}         | `/input/inputs` is missing
          {"model":"m","study":"s","urgent":true}      | `/urgent` is not known here
          {"model":"m","study":"s","a/b~c":1}          | `/a~1b~0c` is not known here
          {"model":"m","input":{"imputs":[]}}          | `/input/imputs` is not known here
          {"input":{"inputs":[{"name":"x","dat":1}]}}  | `/input/inputs/0/dat` is not known here
          {"input":{"inputs":[{},7]}}                  | `/input/inputs/1` must be an object
          {"input":{"inputs":{}}}                      | `/input/inputs` must be an array
          {"input":[]}                                 | `/input` must be an object
          {"model":7}                                  | `/model` must be a string
          {"model":"../m"}                             | `/model` must match
          {"study":"a b"}                              | `/study` must match
          {"site":""}                                  | `/site` must be 1 to 128 characters
          {"subject":"a\\u0000b"}                      | `/subject` must be 1 to 128 characters
          {"model":"m","model":"m"}                    | a member stands twice at line 1, column 21
          {"input":{"inputs":[],"inputs":[]}}          | a member stands twice
          {"subject":"a\\ud800"}                       | `/subject` holds half of a surrogate pair
          {"subject":"\\udc00\\ud800"}                 | `/subject` holds half
          {"site":"\\uDBFFx"}                          | `/site` holds half
          {"study":"\\ud800"}                          | `/study` holds half
          {"input":{"inputs":[{"name":"\\uD83D"}]}}    | `/input/inputs/0/name` holds half
          {"input":{"parameters":{"a":["\\udfff"]}}}   | `/input/parameters/a/0` holds half
          {"input":{"parameters":{"\\ud800":1}}}       | `/input/parameters/?` holds half
          {"\\ud800":1}                                | `/?` holds half
          {"subject":"\\ud800"                         | `/subject` holds half
          {"model":"m"                                 | not valid JSON at line 1
          {"model":"m","study":NaN}                    | not valid JSON
          """)
  void refusesWhatItDoesNotUnderstandAndSaysWhere(String body, String message) {
    assertRefused(body.getBytes(UTF_8), message);
  }

  @Test
  void takesBothHalvesOfAPairAndWhatOnlyLooksLikeOne() throws RefusedException {
    String rest = "\"input\":{\"inputs\":[]}}";
    String both = HEAD + "\"subject\":\"\\uD83D\\ude00\"," + rest;
    String backslash = HEAD + "\"subject\":\"\\\\ud800\"," + rest;

    assertThat(SubmissionReader.read(both.getBytes(UTF_8), SubmissionReader.BODY).subject())
        .isEqualTo("\ud83d\ude00");
    assertThat(SubmissionReader.read(backslash.getBytes(UTF_8), SubmissionReader.BODY).subject())
        .isEqualTo("\\ud800");
  }

  @Test
  void refusesHalfAPairInAnInferenceForLater() {
    String body = "{\"inputs\":[],\"parameters\":{\"\\udc00\":1}}";

    assertThatExceptionOfType(RefusedException.class)
        .isThrownBy(() -> SubmissionReader.checkInference(body.getBytes(UTF_8)))
        .satisfies(fault -> {
          assertThat(fault.refusal().status()).isEqualTo(400);
          assertThat(fault.refusal().param()).isEqualTo("/parameters/?");
        });
  }

  @Test
  void refusesWhatFollowsTheObject() {
    assertRefused((HEAD + "\"input\":{\"inputs\":[]}} {}").getBytes(UTF_8), "something follows");
  }

  @Test
  void refusesDeepNestingInvalidTextAndZeroBytes() {
    String deep = "[".repeat(40) + "]".repeat(40);
    assertRefused(
        (HEAD + "\"input\":{\"parameters\":{\"a\":" + deep + "}}}").getBytes(UTF_8), "a limit");
    assertRefused((HEAD + "\"site\":\"\u00e4\"}").getBytes(ISO_8859_1), "not valid UTF-8");
    assertRefused(new byte[] {'{', 0, '}', 0}, "zero byte");
    assertRefused(("\ufeff" + HEAD).getBytes(UTF_8), "byte order mark");
    // An encoding of a lone surrogate, which Jackson alone lets pass.
    assertRefused(new byte[] {'"', (byte) 0xED, (byte) 0xA0, (byte) 0x80, '"'}, "UTF-8");
  }

  @Test
  void repeatsNoValueToTheCaller() {
    assertThatExceptionOfType(RefusedException.class)
        .isThrownBy(() ->
            SubmissionReader.read(
                "{\"subject\":\"J\u0001Doe\"}".getBytes(UTF_8), SubmissionReader.BODY))
        .satisfies(fault -> assertThat(fault.refusal().message()).doesNotContain("Doe"));
  }

  private static void assertRefused(byte[] body, String message) {
    assertThatExceptionOfType(RefusedException.class)
        .isThrownBy(() -> SubmissionReader.read(body, SubmissionReader.BODY))
        .satisfies(fault -> {
          assertThat(fault.refusal().status()).isEqualTo(400);
          assertThat(fault.refusal().message()).contains(message);
        });
  }
}
