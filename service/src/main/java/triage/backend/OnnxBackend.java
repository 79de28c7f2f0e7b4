package triage.backend;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// An ONNX model in process, on ONNX Runtime.
///
/// The runtime is loaded when the first such model is. A call runs on one of as many platform
/// threads as the backend's limit, since native code would hold a virtual thread's carrier.
///
/// **Threads**: safe for use by several threads; a session may run several inferences at once.
final class OnnxBackend implements InProcessBackend {
  private static final String PLATFORM = "onnx_onnxv1";
  private static final int QUEUED_MAX = 10_000;
  private static final long CLOSE_SECONDS = 10;

  private final String name;
  private final OrtSession session;
  private final ModelSpec spec;
  private final OnnxTensors tensors;
  private final ThreadPoolExecutor threads;

  private OnnxBackend(String name, int limit, OrtEnvironment environment, OrtSession session)
      throws OrtException {
    this.name = name;
    this.session = session;
    this.spec =
        new ModelSpec(
            PLATFORM,
            OnnxTensors.specs(session.getInputInfo()),
            OnnxTensors.specs(session.getOutputInfo()));
    this.tensors = new OnnxTensors(environment, spec);
    // An inference that outlived its caller's deadline may still hold a thread, and a gate that
    // only observes dispatches beyond the limit.
    this.threads =
        new ThreadPoolExecutor(
            limit,
            limit,
            30,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(QUEUED_MAX),
            Thread.ofPlatform().name("model-" + name + "-", 0).daemon().factory());
    this.threads.allowCoreThreadTimeOut(true);
  }

  /// Loads a model.
  ///
  /// @param name the backend's name
  /// @param file the ONNX file
  /// @param limit how many inferences may run at once
  /// @throws ModelLoadException with one line that says what is wrong with the file
  static OnnxBackend load(String name, Path file, int limit) throws ModelLoadException {
    if (!Files.isRegularFile(file)) {
      throw new ModelLoadException("no such file: " + file);
    }
    try {
      OrtEnvironment environment = OrtEnvironment.getEnvironment("triage");
      try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
        options.setIntraOpNumThreads(1);
        options.setInterOpNumThreads(1);
        return new OnnxBackend(
            name, limit, environment, environment.createSession(file.toString(), options));
      }
    } catch (OrtException | IllegalArgumentException | LinkageError e) {
      throw new ModelLoadException(file + " cannot be loaded: " + firstLine(e.getMessage()));
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public ModelSpec spec() {
    return spec;
  }

  @Override
  public CompletableFuture<List<Tensor>> infer(List<Tensor> inputs) {
    return CompletableFuture.supplyAsync(() -> run(inputs), threads);
  }

  private List<Tensor> run(List<Tensor> inputs) {
    try {
      return runSession(inputs);
    } catch (OrtException e) {
      throw new CompletionException(e);
    }
  }

  private List<Tensor> runSession(List<Tensor> inputs) throws OrtException {
    Map<String, OnnxTensor> given = new LinkedHashMap<>();
    try {
      for (Tensor input : inputs) {
        given.put(input.name(), tensors.toOnnx(input));
      }
      Set<String> wanted = session.getOutputNames();
      try (OrtSession.Result result = session.run(given, wanted)) {
        List<Tensor> outputs = new ArrayList<>();
        for (int i = 0; i < spec.outputs().size(); i++) {
          outputs.add(tensors.fromOnnx(spec.outputs().get(i), (OnnxTensor) result.get(i)));
        }
        return outputs;
      }
    } finally {
      given.values().forEach(OnnxTensor::close);
    }
  }

  private static String firstLine(@Nullable String message) {
    return message == null ? "no reason given" : message.lines().findFirst().orElse("");
  }

  @Override
  public void close() {
    threads.shutdown();
    try {
      if (threads.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        session.close();
        tensors.close();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (OrtException e) {
      throw new IllegalStateException("model `" + name + "` cannot be closed", e);
    }
  }
}
