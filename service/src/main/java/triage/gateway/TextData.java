package triage.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import triage.backend.OnnxText;
import triage.backend.TextElements;

/// The data of a tensor of BYTES as they were sent: strings in JSON, or raw ones, each after its
/// length in 4 bytes, little-endian. Faults of content are kept.
///
/// **Threads**: confined to one.
final class TextData {
  private static final String EXPECTED =
      " (expected of a model in process: UTF-8, without U+0000 and characters beyond U+FFFF)";

  private final List<String> texts = new ArrayList<>();
  private @Nullable String fault;

  /// Reads raw bytes to their end, or to the first fault.
  ///
  /// @param bytes in little-endian order
  static TextData of(ByteBuffer bytes) {
    TextData data = new TextData();
    while (bytes.hasRemaining() && data.fault == null) {
      if (bytes.remaining() < Integer.BYTES) {
        data.fault = "`data` ends within the 4 bytes of the length of element " + data.size();
      } else {
        data.addRaw(bytes.getInt(), bytes);
      }
    }
    return data;
  }

  private void addRaw(int length, ByteBuffer bytes) {
    if (length < 0 || length > bytes.remaining()) {
      fault =
          "`data` says of element "
              + size()
              + " that it has "
              + Integer.toUnsignedString(length)
              + " bytes, but "
              + bytes.remaining()
              + " are left";
      return;
    }
    ByteBuffer text = bytes.slice(bytes.position(), length);
    bytes.position(bytes.position() + length);
    try {
      add(UTF_8.newDecoder().decode(text).toString());
    } catch (CharacterCodingException e) {
      fault = unfit();
    }
  }

  /// Adds a string.
  void add(String text) {
    if (fault == null && !OnnxText.passes(text)) {
      fault = unfit();
    }
    texts.add(text);
  }

  private String unfit() {
    return "`data` has a string that cannot be passed on at element " + size() + EXPECTED;
  }

  /// Gives how many strings there are.
  int size() {
    return texts.size();
  }

  /// Gives what keeps them from being passed to a model in process, or `null` if nothing does.
  @Nullable String fault() {
    return fault;
  }

  /// Gives the elements as raw bytes. To be asked once there is no fault.
  ByteBuffer elements() {
    return TextElements.of(texts);
  }
}
