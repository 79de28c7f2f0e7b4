package triage.analysis;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import triage.gateway.Refusal;
import triage.gateway.RefusedException;

/// Reads submissions, strictly: what is not understood to the last member is refused, with its JSON
/// pointer. Values are never repeated to the caller.
///
/// The inference request within is looked through and then kept as the bytes that came.
///
/// **Source**: RFC 8259, RFC 6901; Open Inference Protocol v2, REST, "Inference Request".
///
/// **Threads**: no state.
final class SubmissionReader {
  /// What is read where it is all there is of a request.
  static final String BODY = "the body";

  private static final int DEPTH_MAX = 17;
  private static final int LABEL_MAX = 128;
  private static final int POINTER_MAX = 200;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
  private static final Pattern STUDY = Pattern.compile("[A-Za-z0-9._@-]{1,64}");
  private static final Pattern LONE_SURROGATE = Pattern.compile("\\p{Cs}");
  private static final Set<String> TENSOR =
      Set.of("name", "shape", "datatype", "data", "parameters");
  private static final Set<String> OUTPUT = Set.of("name", "parameters");

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEPTH_MAX)
                  .maxNumberLength(400)
                  .maxStringLength(64 << 10)
                  .maxNameLength(1024)
                  .build())
          .build();

  private SubmissionReader() {}

  /// Reads one submission.
  ///
  /// @param what it stands in, for what the caller is told: the body, or the line
  /// @throws RefusedException 400 naming the fault and where it is
  static Submission read(byte[] body, String what) throws RefusedException {
    checkText(body, what);
    try (JsonParser json = JSON.createParser(body)) {
      try {
        checkEscapes(body);
        if (json.nextToken() != JsonToken.START_OBJECT) {
          throw refused(what + " must be one JSON object");
        }
        Submission submission = readMembers(json, body);
        if (json.nextToken() != null) {
          throw refused("something follows the JSON object; send one object only");
        }
        return submission;
      } catch (JsonProcessingException e) {
        throw malformed(e, json, what);
      }
    } catch (IOException e) {
      throw refused(what + " is not valid UTF-8 JSON");
    }
  }

  /// Reads an inference request that stands alone, as under `/v2`.
  ///
  /// @throws RefusedException 400 naming the fault and where it is
  static void checkInference(byte[] body) throws RefusedException {
    checkText(body, BODY);
    try (JsonParser json = JSON.createParser(body)) {
      try {
        checkEscapes(body);
        if (json.nextToken() != JsonToken.START_OBJECT) {
          throw refused("the body must be one JSON object with `inputs`");
        }
        json.skipChildren();
        if (json.nextToken() != null) {
          throw refused("something follows the JSON object; send one object only");
        }
      } catch (JsonProcessingException e) {
        throw malformed(e, json, BODY);
      }
    } catch (IOException e) {
      throw refused("the body is not valid UTF-8 JSON");
    }
  }

  /// Jackson guesses at encodings and passes over some of what UTF-8 forbids.
  private static void checkText(byte[] body, String what) throws RefusedException {
    try {
      var _ = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body));
    } catch (CharacterCodingException e) {
      throw refused(what + " is not valid UTF-8");
    }
    for (byte b : body) {
      if (b == 0) {
        throw refused(what + " holds a zero byte; send JSON in UTF-8");
      }
    }
    if (body.length > 0 && body[0] == (byte) 0xEF) {
      throw refused(what + " begins with a byte order mark; leave it out");
    }
  }

  /// Refuses what an escape may write and no text can hold: half of a surrogate pair. JSON that is
  /// broken is left to who reads it.
  private static void checkEscapes(byte[] body) throws IOException, RefusedException {
    if (!mayHoldSurrogates(body)) {
      return;
    }
    // From characters: from bytes, Jackson takes a name with one for broken JSON.
    try (JsonParser json = JSON.createParser(new String(body, StandardCharsets.UTF_8))) {
      for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
        boolean text = token == JsonToken.FIELD_NAME || token == JsonToken.VALUE_STRING;
        if (text && LONE_SURROGATE.matcher(json.getText()).find()) {
          throw misfit(json, " holds half of a surrogate pair; write both halves, or neither");
        }
      }
    } catch (JsonProcessingException _) {
      // Whoever reads it comes to the same place, and says so.
    }
  }

  /// Tells whether a body has an escape of a surrogate: a backslash, `u`, `d`, and 8 or more.
  private static boolean mayHoldSurrogates(byte[] body) {
    for (int i = 3; i < body.length; i++) {
      if (body[i - 3] == '\\'
          && body[i - 2] == 'u'
          && (body[i - 1] | 0x20) == 'd'
          && Character.digit(body[i], 16) >= 8) {
        return true;
      }
    }
    return false;
  }

  private static Submission readMembers(JsonParser json, byte[] body)
      throws IOException, RefusedException {
    String model = null;
    String version = null;
    String study = null;
    String site = null;
    String subject = null;
    byte[] input = null;
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String member = json.currentName();
      json.nextToken();
      switch (member) {
        case "model" -> model = readName(json, NAME);
        case "version" -> version = readName(json, NAME);
        case "study" -> study = readName(json, STUDY);
        case "site" -> site = readLabel(json);
        case "subject" -> subject = readLabel(json);
        case "input" -> input = readInput(json, body);
        default -> throw unknown(json, "model, version, study, site, subject, input");
      }
    }
    return new Submission(
        present(model, "model"),
        version,
        present(study, "study"),
        site,
        subject,
        present(input, "input"));
  }

  private static <T> T present(@Nullable T value, String member) throws RefusedException {
    if (value == null) {
      throw refused("`/" + member + "` is missing", "/" + member);
    }
    return value;
  }

  private static String readName(JsonParser json, Pattern rule)
      throws IOException, RefusedException {
    String text = readText(json);
    if (!rule.matcher(text).matches()) {
      throw misfit(json, " must match " + rule.pattern());
    }
    return text;
  }

  private static String readLabel(JsonParser json) throws IOException, RefusedException {
    String text = readText(json);
    boolean printable = text.codePoints().noneMatch(Character::isISOControl);
    if (text.isBlank() || text.length() > LABEL_MAX || !printable) {
      throw misfit(json, " must be 1 to " + LABEL_MAX + " characters without control characters");
    }
    return text;
  }

  private static String readText(JsonParser json) throws IOException, RefusedException {
    if (json.currentToken() != JsonToken.VALUE_STRING) {
      throw misfit(json, " must be a string");
    }
    return json.getText();
  }

  private static byte[] readInput(JsonParser json, byte[] body)
      throws IOException, RefusedException {
    requireObject(json);
    int from = (int) json.currentTokenLocation().getByteOffset();
    boolean hasInputs = false;
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String member = json.currentName();
      json.nextToken();
      switch (member) {
        case "id" -> readText(json);
        case "inputs" -> {
          hasInputs = true;
          readTensors(json, TENSOR);
        }
        case "outputs" -> readTensors(json, OUTPUT);
        case "parameters" -> {
          requireObject(json);
          json.skipChildren();
        }
        default -> throw unknown(json, "id, inputs, outputs, parameters");
      }
    }
    int to = (int) json.currentTokenLocation().getByteOffset() + 1;
    if (!hasInputs) {
      throw refused("`/input/inputs` is missing", "/input/inputs");
    }
    return Arrays.copyOfRange(body, from, to);
  }

  private static void readTensors(JsonParser json, Set<String> members)
      throws IOException, RefusedException {
    if (json.currentToken() != JsonToken.START_ARRAY) {
      throw misfit(json, " must be an array");
    }
    while (json.nextToken() != JsonToken.END_ARRAY) {
      requireObject(json);
      while (json.nextToken() != JsonToken.END_OBJECT) {
        String member = json.currentName();
        json.nextToken();
        if (!members.contains(member)) {
          throw unknown(json, String.join(", ", members.stream().sorted().toList()));
        }
        json.skipChildren();
      }
    }
  }

  private static void requireObject(JsonParser json) throws RefusedException {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw misfit(json, " must be an object");
    }
  }

  private static RefusedException unknown(JsonParser json, String known) {
    return misfit(json, " is not known here (expected: " + known + ")");
  }

  private static RefusedException misfit(JsonParser json, String rule) {
    String pointer = pointer(json);
    return refused("`" + pointer + "`" + rule, pointer);
  }

  private static String pointer(JsonParser json) {
    boolean opened = json.currentToken() != null && json.currentToken().isStructStart();
    String pointer =
        (opened ? json.getParsingContext().getParent() : json.getParsingContext())
            .pathAsPointer()
            .toString();
    String cut =
        pointer.length() <= POINTER_MAX ? pointer : pointer.substring(0, POINTER_MAX) + "...";
    return cut.replaceAll("[\\p{Cntrl}\\p{Cs}]", "?");
  }

  private static RefusedException malformed(
      JsonProcessingException fault, JsonParser json, String what) {
    String where =
        fault.getLocation() == null
            ? ""
            : " at line "
                + fault.getLocation().getLineNr()
                + ", column "
                + fault.getLocation().getColumnNr();
    if (!what.equals(BODY)) {
      where = where.replaceFirst(" at line [0-9]+, ", " at ");
    }
    if (fault instanceof StreamConstraintsException) {
      return refused(
          what
              + " goes beyond a limit"
              + where
              + ": nesting "
              + DEPTH_MAX
              + ", strings 64 KiB, names 1 KiB, numbers 400 digits");
    }
    if (String.valueOf(fault.getOriginalMessage()).startsWith("Duplicate field")) {
      String in = pointer(json);
      return refused("a member stands twice" + where + ", in `" + in + "`", in);
    }
    return refused(what + " is not valid JSON" + where);
  }

  private static RefusedException refused(String message, String pointer) {
    return new RefusedException(new Refusal(400, null, 0, message, pointer));
  }

  private static RefusedException refused(String message) {
    return new RefusedException(Refusal.badRequest(message));
  }
}
