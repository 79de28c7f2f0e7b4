package triage.gateway;

import java.nio.ByteBuffer;
import triage.backend.Datatype;
import triage.backend.Tensor;

/// The elements of a tensor as raw bytes: one after the other, little-endian, without padding.
/// Those of BYTES have no width: [triage.backend.TextElements].
///
/// **Source**: Open Inference Protocol v2, binary tensor data extension.
///
/// **Threads**: no state.
final class RawTensor {
  private RawTensor() {}

  /// Gives how many bytes one element takes.
  static int width(Datatype datatype) {
    return switch (datatype) {
      case BOOL, INT8, UINT8 -> Byte.BYTES;
      case INT16, UINT16, FP16 -> Short.BYTES;
      case INT32, UINT32, FP32 -> Integer.BYTES;
      case INT64, UINT64, FP64 -> Long.BYTES;
      case BYTES -> throw otherwise(datatype);
    };
  }

  /// Tells whether elements have neither a fraction nor an exponent.
  static boolean isWhole(Datatype datatype) {
    return switch (datatype) {
      case BOOL, INT8, UINT8, INT16, UINT16, INT32, UINT32, INT64, UINT64 -> true;
      case FP16, FP32, FP64 -> false;
      case BYTES -> throw otherwise(datatype);
    };
  }

  /// Gives the next element of a datatype that is whole; of BOOL 0 or 1, or what is neither; of
  /// UINT64 its bits.
  ///
  /// @param bytes in little-endian order
  static long whole(Datatype datatype, ByteBuffer bytes) {
    return switch (datatype) {
      case BOOL, UINT8 -> Byte.toUnsignedLong(bytes.get());
      case INT8 -> bytes.get();
      case INT16 -> bytes.getShort();
      case UINT16 -> Short.toUnsignedLong(bytes.getShort());
      case INT32 -> bytes.getInt();
      case UINT32 -> Integer.toUnsignedLong(bytes.getInt());
      case INT64, UINT64 -> bytes.getLong();
      case FP16, FP32, FP64, BYTES -> throw otherwise(datatype);
    };
  }

  /// Gives the next element of a datatype that is not whole.
  ///
  /// @param bytes in little-endian order
  static double real(Datatype datatype, ByteBuffer bytes) {
    return switch (datatype) {
      case FP16 -> Float.float16ToFloat(bytes.getShort());
      case FP32 -> bytes.getFloat();
      case FP64 -> bytes.getDouble();
      case BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, BYTES ->
          throw otherwise(datatype);
    };
  }

  /// Adds an element of a datatype that is whole, within its range; of UINT64 by its bits.
  ///
  /// @param bytes in little-endian order
  static void put(Datatype datatype, ByteBuffer bytes, long value) {
    switch (datatype) {
      case BOOL, INT8, UINT8 -> bytes.put((byte) value);
      case INT16, UINT16 -> bytes.putShort((short) value);
      case INT32, UINT32 -> bytes.putInt((int) value);
      case INT64, UINT64 -> bytes.putLong(value);
      case FP16, FP32, FP64, BYTES -> throw otherwise(datatype);
    }
  }

  /// Adds an element of a datatype that is not whole, within its range.
  ///
  /// @param bytes in little-endian order
  static void put(Datatype datatype, ByteBuffer bytes, double value) {
    switch (datatype) {
      case FP16 -> bytes.putShort(Float.floatToFloat16((float) value));
      case FP32 -> bytes.putFloat((float) value);
      case FP64 -> bytes.putDouble(value);
      case BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, BYTES ->
          throw otherwise(datatype);
    }
  }

  /// Gives all elements of a tensor.
  static byte[] bytes(Tensor tensor) {
    ByteBuffer elements = tensor.view();
    byte[] bytes = new byte[elements.remaining()];
    elements.get(bytes);
    return bytes;
  }

  /// Gives the least value of a datatype.
  static double least(Datatype datatype) {
    return switch (datatype) {
      case BOOL, UINT8, UINT16, UINT32, UINT64 -> 0;
      case INT8 -> Byte.MIN_VALUE;
      case INT16 -> Short.MIN_VALUE;
      case INT32 -> Integer.MIN_VALUE;
      case INT64 -> Long.MIN_VALUE;
      case FP16, FP32, FP64 -> -most(datatype);
      case BYTES -> throw otherwise(datatype);
    };
  }

  /// Gives the largest value of a datatype, or the double that is nearest to it.
  static double most(Datatype datatype) {
    return switch (datatype) {
      case BOOL -> 1;
      case UINT8 -> 0xFF;
      case INT8 -> Byte.MAX_VALUE;
      case INT16 -> Short.MAX_VALUE;
      case INT32 -> Integer.MAX_VALUE;
      case INT64 -> Long.MAX_VALUE;
      case UINT16 -> 0xFFFF;
      case UINT32 -> 0xFFFF_FFFFL;
      case UINT64 -> 0x1p64;
      case FP16 -> 65504;
      case FP32 -> Float.MAX_VALUE;
      case FP64 -> Double.MAX_VALUE;
      case BYTES -> throw otherwise(datatype);
    };
  }

  private static IllegalStateException otherwise(Datatype datatype) {
    return new IllegalStateException("elements are stored otherwise: " + datatype);
  }
}
