package triage.backend;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// The elements of a tensor of BYTES that are text: each one's length in 4 bytes, little-endian,
/// and then its UTF-8.
///
/// **Source**: Open Inference Protocol v2, binary tensor data extension.
///
/// **Threads**: no state.
public final class TextElements {
  private TextElements() {}

  /// Gives the elements that stand for these texts.
  public static ByteBuffer of(List<String> texts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteBuffer length = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (String text : texts) {
      byte[] bytes = text.getBytes(UTF_8);
      all.writeBytes(length.putInt(0, bytes.length).array());
      all.writeBytes(bytes);
    }
    return ByteBuffer.wrap(all.toByteArray());
  }

  /// Gives the next text.
  ///
  /// @param elements in little-endian order, known to hold whole elements
  public static String next(ByteBuffer elements) {
    byte[] bytes = new byte[elements.getInt()];
    elements.get(bytes);
    return new String(bytes, UTF_8);
  }

  /// Gives all texts that are left.
  ///
  /// @param elements in little-endian order, known to hold whole elements
  static List<String> read(ByteBuffer elements) {
    List<String> texts = new ArrayList<>();
    while (elements.hasRemaining()) {
      texts.add(next(elements));
    }
    return texts;
  }
}
