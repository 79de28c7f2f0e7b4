package triage.backend;

import java.util.List;

/// What a model takes and gives.
///
/// @param platform what runs it, such as `onnx_onnxv1`
/// @param inputs the tensors it takes
/// @param outputs the tensors it gives
public record ModelSpec(String platform, List<TensorSpec> inputs, List<TensorSpec> outputs) {
  /// Copies the lists.
  public ModelSpec {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }
}
