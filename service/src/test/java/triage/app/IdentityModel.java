package triage.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;

/// An ONNX model of one node that answers `y` with what it gets as `x`, a row of any length.
///
/// **Source**: ONNX's `onnx.proto`, whose field numbers stand here; Protocol Buffers' encoding.
final class IdentityModel {
  private static final int STRING = 8;

  private IdentityModel() {}

  /// Gives the file of such a model.
  ///
  /// @param elementType the number of an element type in `TensorProto.DataType`
  static byte[] of(int elementType) {
    byte[] node = joined(bytes(1, text("x")), bytes(2, text("y")), bytes(4, text("Identity")));
    byte[] graph =
        joined(
            bytes(1, node),
            bytes(2, text("g")),
            bytes(11, tensor("x", elementType)),
            bytes(12, tensor("y", elementType)));
    return joined(number(1, 8), bytes(7, graph), bytes(8, number(2, 16)));
  }

  /// Gives the file of a model that takes an FP32 as `x`, and answers this text as `y`.
  static byte[] answering(byte[] text) {
    byte[] constant = joined(number(1, 1), number(2, STRING), bytes(6, text), bytes(8, text("c")));
    byte[] node = joined(bytes(1, text("c")), bytes(2, text("y")), bytes(4, text("Identity")));
    byte[] graph =
        joined(
            bytes(1, node),
            bytes(2, text("g")),
            bytes(5, constant),
            bytes(11, tensor("x", 1)),
            bytes(12, tensor("y", STRING)));
    return joined(number(1, 8), bytes(7, graph), bytes(8, number(2, 16)));
  }

  private static byte[] tensor(String name, int elementType) {
    byte[] shape = bytes(1, bytes(2, text("n")));
    byte[] type = bytes(1, joined(number(1, elementType), bytes(2, shape)));
    return joined(bytes(1, text(name)), bytes(2, type));
  }

  private static byte[] text(String text) {
    return text.getBytes(UTF_8);
  }

  private static byte[] number(int field, int value) {
    return new byte[] {(byte) (field << 3), (byte) value};
  }

  private static byte[] bytes(int field, byte[] value) {
    return joined(new byte[] {(byte) (field << 3 | 2), (byte) value.length}, value);
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
