package triage.backend;

import java.util.List;
import java.util.stream.Collectors;

/// What a model says of one of its tensors.
///
/// @param name the tensor's name
/// @param datatype its element type
/// @param shape its dimensions; -1 stands for any size
public record TensorSpec(String name, Datatype datatype, List<Long> shape) {
  /// Copies the shape.
  public TensorSpec {
    shape = List.copyOf(shape);
  }

  /// Tells whether a tensor of these dimensions fits.
  public boolean fits(long[] dimensions) {
    if (dimensions.length != shape.size()) {
      return false;
    }
    for (int i = 0; i < dimensions.length; i++) {
      long expected = shape.get(i);
      if (expected < 0 ? dimensions[i] < 1 : dimensions[i] != expected) {
        return false;
      }
    }
    return true;
  }

  /// Gives the shape as callers read it, such as `[-1,30]`.
  public String shapeText() {
    return shape.stream().map(String::valueOf).collect(Collectors.joining(",", "[", "]"));
  }
}
