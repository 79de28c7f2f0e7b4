package triage.backend;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// A tensor: what a caller sent, or what a model answered.
///
/// **Threads**: immutable by contract; the buffer is shared, not copied. Each use takes a view of
/// its own ([#view()]).
///
/// @param spec name and datatype, with the exact dimensions of this tensor as the shape
/// @param elements the elements in row-major order, little-endian, without padding
public record Tensor(TensorSpec spec, ByteBuffer elements) {
  /// Gives the tensor's name.
  public String name() {
    return spec.name();
  }

  /// Gives the elements to read, little-endian, from the first.
  public ByteBuffer view() {
    return elements.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }
}
