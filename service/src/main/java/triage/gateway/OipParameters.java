package triage.gateway;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Those of the `parameters` of a request or a tensor that Triage goes by; others are passed over.
///
/// **Source**: Open Inference Protocol v2, binary tensor data extension.
///
/// @param binaryDataSize how many raw bytes an input has after the JSON; -1 for none
/// @param binaryData whether an output is wanted in raw bytes; `null` if that is not said
/// @param binaryDataOutput whether all outputs are, unless one says otherwise
record OipParameters(int binaryDataSize, @Nullable Boolean binaryData, boolean binaryDataOutput) {
  /// Where nothing is said.
  static final OipParameters NONE = new OipParameters(-1, null, false);

  /// Reads the object that the parser stands at.
  ///
  /// @param where it stands, for messages
  /// @throws RefusedException 400 for a value that does not fit its name
  static OipParameters read(JsonParser json, String where) throws IOException, RefusedException {
    if (!json.isExpectedStartObjectToken()) {
      throw refused("`" + where + "` must be an object");
    }
    int size = -1;
    Boolean binary = null;
    boolean binaryOutput = false;
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String key = json.currentName();
      JsonToken value = json.nextToken();
      if (!value.isScalarValue() || value == JsonToken.VALUE_NULL) {
        throw refused("`" + where + "`: values must be strings, numbers or booleans");
      }
      switch (key) {
        case "binary_data_size" -> size = size(json, where);
        case "binary_data" -> binary = truth(json, where, key);
        case "binary_data_output" -> binaryOutput = truth(json, where, key);
        default -> {}
      }
    }
    return new OipParameters(size, binary, binaryOutput);
  }

  private static int size(JsonParser json, String where) throws IOException, RefusedException {
    boolean bounded =
        json.currentToken() == JsonToken.VALUE_NUMBER_INT
            && json.getNumberType() == JsonParser.NumberType.INT
            && json.getIntValue() >= 0;
    if (!bounded) {
      throw refused(
          "`" + where + ".binary_data_size` must be a whole number, 0 to " + Integer.MAX_VALUE);
    }
    return json.getIntValue();
  }

  private static boolean truth(JsonParser json, String where, String key) throws RefusedException {
    if (!json.currentToken().isBoolean()) {
      throw refused("`" + where + "." + key + "` must be true or false");
    }
    return json.currentToken() == JsonToken.VALUE_TRUE;
  }

  private static RefusedException refused(String message) {
    return new RefusedException(Refusal.badRequest(message));
  }
}
