package triage.backend;

import org.jspecify.annotations.Nullable;

/// The element types of tensors, by their names in the Open Inference Protocol.
public enum Datatype {
  /// True or false.
  BOOL,
  /// Unsigned, 8 bits.
  UINT8,
  /// Unsigned, 16 bits.
  UINT16,
  /// Unsigned, 32 bits.
  UINT32,
  /// Unsigned, 64 bits.
  UINT64,
  /// Signed, 8 bits.
  INT8,
  /// Signed, 16 bits.
  INT16,
  /// Signed, 32 bits.
  INT32,
  /// Signed, 64 bits.
  INT64,
  /// IEEE 754 half precision.
  FP16,
  /// IEEE 754 single precision.
  FP32,
  /// IEEE 754 double precision.
  FP64,
  /// Byte strings of any length.
  BYTES;

  /// Gives the datatype of this name, or `null` if there is none.
  public static @Nullable Datatype named(String name) {
    for (Datatype datatype : values()) {
      if (datatype.name().equals(name)) {
        return datatype;
      }
    }
    return null;
  }
}
