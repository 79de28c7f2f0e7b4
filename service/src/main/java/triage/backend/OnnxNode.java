package triage.backend;

import static java.nio.charset.StandardCharsets.UTF_8;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.ByteArrayOutputStream;
import java.util.Map;

/// A model of one node, for what ONNX Runtime's Java binding does not do.
///
/// The binding makes no tensors of unsigned numbers, but for bytes; it takes those that a model
/// gave. And it loses text, but does not say so ([OnnxText]).
///
/// **Source**: ONNX, operators Cast (from fixed point to fixed point, bits are reinterpreted) and
/// Equal; `onnx.proto`, whose field numbers stand here; Protocol Buffers' encoding.
///
/// **Threads**: safe for use by several threads.
final class OnnxNode implements AutoCloseable {
  private static final int IR_VERSION = 9;
  private static final int OPERATORS_VERSION = 19;
  private static final int ATTRIBUTE_OF_INT = 2;
  private static final int STRING = 8;
  private static final int BOOL = 9;

  private final OrtSession session;

  private OnnxNode(OrtSession session) {
    this.session = session;
  }

  /// Makes the node that gives a tensor of signed numbers as unsigned ones of the same bits.
  ///
  /// @throws OrtException if the runtime does not load it
  static OnnxNode castTo(Datatype unsigned, OrtEnvironment environment) throws OrtException {
    return switch (unsigned) {
      case UINT16 -> cast(5, 4, environment);
      case UINT32 -> cast(6, 12, environment);
      case UINT64 -> cast(7, 13, environment);
      case BOOL, UINT8, INT8, INT16, INT32, INT64, FP16, FP32, FP64, BYTES ->
          throw new IllegalArgumentException("needs no cast: " + unsigned);
    };
  }

  private static OnnxNode cast(int from, int to, OrtEnvironment environment) throws OrtException {
    byte[] attribute = joined(bytes(1, text("to")), number(3, to), number(20, ATTRIBUTE_OF_INT));
    byte[] node = joined(bytes(1, text("a")), bytes(4, text("Cast")), bytes(5, attribute));
    return open(node, bytes(11, tensor("a", from)), to, environment);
  }

  /// Makes the node that tells of each of two texts whether they are equal.
  ///
  /// @throws OrtException if the runtime does not load it
  static OnnxNode equalTexts(OrtEnvironment environment) throws OrtException {
    byte[] node = joined(bytes(1, text("a")), bytes(1, text("b")), bytes(4, text("Equal")));
    byte[] inputs = joined(bytes(11, tensor("a", STRING)), bytes(11, tensor("b", STRING)));
    return open(node, inputs, BOOL, environment);
  }

  private static OnnxNode open(byte[] node, byte[] inputs, int output, OrtEnvironment environment)
      throws OrtException {
    byte[] graph =
        joined(
            bytes(1, joined(node, bytes(2, text("y")))),
            bytes(2, text("node")),
            inputs,
            bytes(12, tensor("y", output)));
    byte[] model =
        joined(number(1, IR_VERSION), bytes(7, graph), bytes(8, number(2, OPERATORS_VERSION)));
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      return new OnnxNode(environment.createSession(model, options));
    }
  }

  /// Gives a new tensor. All are the caller's to close.
  OnnxTensor of(OnnxTensor a) throws OrtException {
    return run(Map.of("a", a));
  }

  /// Gives a new tensor. All are the caller's to close.
  OnnxTensor of(OnnxTensor a, OnnxTensor b) throws OrtException {
    return run(Map.of("a", a, "b", b));
  }

  private OnnxTensor run(Map<String, OnnxTensor> inputs) throws OrtException {
    // The result is not closed: that would close the tensor, which is all it holds.
    return (OnnxTensor) session.run(inputs).get(0);
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }

  /// Gives a tensor of any number of dimensions.
  private static byte[] tensor(String name, int elementType) {
    return joined(bytes(1, text(name)), bytes(2, bytes(1, number(1, elementType))));
  }

  private static byte[] text(String text) {
    return text.getBytes(UTF_8);
  }

  private static byte[] number(int field, int value) {
    return joined(varint(field << 3), varint(value));
  }

  private static byte[] bytes(int field, byte[] value) {
    return joined(varint(field << 3 | 2), varint(value.length), value);
  }

  private static byte[] varint(int value) {
    return value < 0x80
        ? new byte[] {(byte) value}
        : new byte[] {(byte) (value | 0x80), (byte) (value >> 7)};
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
