package triage.gateway;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.JsonEOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// What Triage must know of a request in OpenAI's form: which model it asks, whether it wants a
/// stream, and how much it wants at most.
///
/// It is read from the first part of the body, of which all other members are passed over. In what
/// is read a member may not stand twice: whoever reads the last one would read another request than
/// Triage. What comes after the first part is not looked into.
///
/// **Source**: OpenAI API reference, chat, completions and embeddings.
///
/// @param model the model's name, of at most [#MODEL_LENGTH_MAX] characters
/// @param stream whether the answer is to come as a stream of events
/// @param tokensMax how many tokens it may have, or 0 if the request does not say
record CompletionHead(String model, boolean stream, long tokensMax) {
  /// How long a model's name may be.
  static final int MODEL_LENGTH_MAX = 256;

  /// How many tokens may be asked for: more than any model gives.
  static final long TOKENS_MAX = 1_000_000_000L;

  private static final int DEPTH_MAX = 256;
  private static final int LITERAL_LENGTH_MAX = 5;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEPTH_MAX)
                  .maxNumberLength(400)
                  .maxStringLength(Body.FIRST_BYTES_MAX)
                  .maxNameLength(4096)
                  .build())
          .build();

  /// Reads it.
  ///
  /// @param begun the first part of the body
  /// @param whole whether that is all of it
  /// @throws RefusedException 400 naming the fault
  static CompletionHead read(ByteBuffer begun, boolean whole) throws RefusedException {
    Reading reading = new Reading(begun.remaining(), whole);
    try (JsonParser json =
        JSON.createParser(
            begun.array(), begun.arrayOffset() + begun.position(), begun.remaining())) {
      reading.read(json);
    } catch (JsonProcessingException e) {
      if (whole || !isAtTheCut(e, begun.remaining())) {
        throw refused(explain(e), null);
      }
    } catch (IOException e) {
      throw refused("the body is not valid UTF-8 JSON", null);
    }
    return reading.head();
  }

  /// Tells whether a fault is only that the first part ends where it does: in the middle of the
  /// object, or of a word or character.
  private static boolean isAtTheCut(JsonProcessingException fault, int size) {
    JsonLocation at = fault.getLocation();
    return fault instanceof JsonEOFException
        || (at != null && at.getByteOffset() >= size - LITERAL_LENGTH_MAX);
  }

  private static String explain(JsonProcessingException fault) {
    String original = String.valueOf(fault.getOriginalMessage());
    JsonLocation at = fault.getLocation();
    String where = at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
    if (fault instanceof JsonEOFException) {
      return "the body ends in the middle of its JSON object" + where;
    }
    if (original.startsWith("Duplicate")) {
      return "a member stands twice in one object" + where;
    }
    if (original.contains("exceeds the maximum")) {
      return "the JSON is nested too deep, or a name or number is too long" + where;
    }
    return "the body is not valid JSON" + where;
  }

  private static RefusedException refused(String message, @Nullable String param) {
    return new RefusedException(new Refusal(400, null, 0, message, param));
  }

  /// The members found so far.
  private static final class Reading {
    private final int size;
    private final boolean whole;
    private @Nullable String model;
    private boolean stream;
    private long tokensMax;

    private Reading(int size, boolean whole) {
      this.size = size;
      this.whole = whole;
    }

    private void read(JsonParser json) throws IOException, RefusedException {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw refused("the body must be one JSON object with `model`", null);
      }
      while (json.nextToken() != JsonToken.END_OBJECT) {
        String name = json.currentName();
        JsonToken value = json.nextToken();
        switch (name) {
          case "model" -> model = readModel(json, value);
          case "stream" -> stream = readStream(value);
          case "max_tokens", "max_completion_tokens" -> readTokens(json, value, name);
          default -> json.skipChildren();
        }
      }
      if (json.nextToken() != null) {
        throw refused("something follows the JSON object; send one object only", null);
      }
    }

    private static String readModel(JsonParser json, JsonToken value)
        throws IOException, RefusedException {
      if (value != JsonToken.VALUE_STRING
          || json.getTextLength() < 1
          || json.getTextLength() > MODEL_LENGTH_MAX) {
        throw refused(
            "`model` must be a string of 1 to " + MODEL_LENGTH_MAX + " characters", "model");
      }
      return json.getText();
    }

    private static boolean readStream(JsonToken value) throws RefusedException {
      return switch (value) {
        case VALUE_TRUE -> true;
        case VALUE_FALSE, VALUE_NULL -> false;
        default -> throw refused("`stream` must be true or false", "stream");
      };
    }

    private void readTokens(JsonParser json, JsonToken value, String name)
        throws IOException, RefusedException {
      if (value == JsonToken.VALUE_NULL) {
        return;
      }
      boolean bounded =
          value == JsonToken.VALUE_NUMBER_INT
              && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER
              && json.getLongValue() >= 0
              && json.getLongValue() <= TOKENS_MAX;
      if (!bounded) {
        throw refused("`" + name + "` must be a whole number, 0 to " + TOKENS_MAX, name);
      }
      // A number at the very end of what has been read may go on.
      if (whole || json.currentLocation().getByteOffset() < size) {
        tokensMax = Math.max(tokensMax, json.getLongValue());
      }
    }

    private CompletionHead head() throws RefusedException {
      if (model == null) {
        throw refused(
            whole
                ? "`model` is missing; GET /v1/models lists those there are"
                : "`model` is not in the first " + Body.FIRST_BYTES_MAX + " bytes; put it first",
            "model");
      }
      return new CompletionHead(model, stream, tokensMax);
    }
  }
}
