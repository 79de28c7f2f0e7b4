package triage.gateway;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import triage.backend.Datatype;
import triage.backend.Tensor;

/// The elements of a tensor as raw bytes: one after the other, little-endian, without padding.
///
/// **Source**: Open Inference Protocol v2, binary tensor data extension.
///
/// **Threads**: no state.
final class RawTensor {
  private RawTensor() {}

  /// Gives how many bytes one element takes.
  static int width(Datatype datatype) {
    return switch (datatype) {
      case FP64 -> Double.BYTES;
      case FP32 -> Float.BYTES;
      case INT32 -> Integer.BYTES;
      case BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT64, FP16, BYTES ->
          throw notOffered(datatype);
    };
  }

  /// Gives the next element.
  ///
  /// @param bytes in little-endian order
  static double get(Datatype datatype, ByteBuffer bytes) {
    return switch (datatype) {
      case FP64 -> bytes.getDouble();
      case FP32 -> bytes.getFloat();
      case INT32 -> bytes.getInt();
      case BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT64, FP16, BYTES ->
          throw notOffered(datatype);
    };
  }

  /// Gives all elements of a tensor.
  static byte[] bytes(Tensor tensor) {
    Datatype datatype = tensor.spec().datatype();
    DoubleBuffer values = tensor.values().duplicate();
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values.remaining(), width(datatype)))
            .order(ByteOrder.LITTLE_ENDIAN);
    while (values.hasRemaining()) {
      put(datatype, bytes, values.get());
    }
    return bytes.array();
  }

  private static void put(Datatype datatype, ByteBuffer bytes, double value) {
    switch (datatype) {
      case FP64 -> bytes.putDouble(value);
      case FP32 -> bytes.putFloat((float) value);
      case INT32 -> bytes.putInt((int) value);
      case BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT64, FP16, BYTES ->
          throw notOffered(datatype);
    }
  }

  private static IllegalStateException notOffered(Datatype datatype) {
    return new IllegalStateException("not offered: " + datatype);
  }
}
