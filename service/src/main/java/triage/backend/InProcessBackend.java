package triage.backend;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/// A model that runs in this process, on tensors that Triage has decoded and checked.
public non-sealed interface InProcessBackend extends Backend {

  /// Gives what the model takes and gives.
  ModelSpec spec();

  /// Starts one inference on a thread of the backend's own.
  ///
  /// @param inputs one tensor for each input of [#spec()], in its order, checked against it
  /// @return the outputs in the order of [#spec()]; or an exception where the model itself failed
  CompletableFuture<List<Tensor>> infer(List<Tensor> inputs);
}
