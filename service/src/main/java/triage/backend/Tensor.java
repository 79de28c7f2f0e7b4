package triage.backend;

import java.nio.DoubleBuffer;

/// A tensor of numbers: what a caller sent, or what a model answered.
///
/// Values are held as doubles whatever the datatype, which is exact for every datatype that an
/// in-process model may have: FP64, FP32 and INT32.
///
/// **Threads**: immutable by contract; the buffer is shared, not copied.
///
/// @param spec name and datatype, with the exact dimensions of this tensor as the shape
/// @param values the elements in row-major order
public record Tensor(TensorSpec spec, DoubleBuffer values) {
  /// Gives the tensor's name.
  public String name() {
    return spec.name();
  }
}
