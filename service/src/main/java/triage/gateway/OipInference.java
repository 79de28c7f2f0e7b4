package triage.gateway;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import triage.backend.Tensor;

/// An inference request of the Open Inference Protocol, decoded and checked.
///
/// @param id the caller's own, which comes back; or `null`
/// @param inputs one tensor for each input of the model, in the model's order
/// @param outputs the names of the wanted outputs; empty for all
/// @param binaryOutputs the names of the outputs that are wanted in raw bytes, if at all
record OipInference(
    @Nullable String id, List<Tensor> inputs, List<String> outputs, Set<String> binaryOutputs) {
  OipInference {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    binaryOutputs = Set.copyOf(binaryOutputs);
  }

  /// Tells whether an output is wanted.
  boolean wants(String output) {
    return outputs.isEmpty() || outputs.contains(output);
  }
}
