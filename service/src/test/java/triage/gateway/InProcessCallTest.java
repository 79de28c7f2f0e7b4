package triage.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import triage.admission.Criticality;
import triage.backend.BackendSettings;
import triage.backend.Datatype;
import triage.backend.InProcessBackend;
import triage.backend.ModelLoadException;
import triage.backend.ModelSettings;
import triage.backend.ModelSpec;
import triage.backend.ModelVersion;
import triage.backend.Models;
import triage.backend.Pass;
import triage.backend.Tensor;
import triage.backend.TensorSpec;
import triage.time.SettableTime;

final class InProcessCallTest {
  private static final byte[] BODY =
      """
      {"inputs":[{"name":"x","shape":[1,1],"datatype":"FP64","data":[1]}]}
      """
          .getBytes(UTF_8);

  private final SettableTime time = new SettableTime(Instant.EPOCH);
  private final CompletableFuture<@Nullable Void> gone = new CompletableFuture<>();
  private final StuckModel stuck = new StuckModel();
  private Models models;
  private ModelVersion model;

  /// A model that ends when it is told to.
  private static final class StuckModel implements InProcessBackend {
    private final CompletableFuture<List<Tensor>> running = new CompletableFuture<>();

    @Override
    public ModelSpec spec() {
      return new ModelSpec(
          "stuck",
          List.of(new TensorSpec("x", Datatype.FP64, List.of(-1L, 1L))),
          List.of(new TensorSpec("y", Datatype.FP64, List.of(-1L, 1L))));
    }

    @Override
    public CompletableFuture<List<Tensor>> infer(List<Tensor> inputs) {
      return running;
    }

    @Override
    public String name() {
      return "stuck-0";
    }

    @Override
    public void close() {}
  }

  @BeforeEach
  void open() throws ModelLoadException {
    BackendSettings backend =
        BackendSettings.of(
            URI.create("http://127.0.0.1:9"), null, 1, null, null, null, null, null, null);
    models =
        Models.open(Map.of("m", ModelSettings.at(List.of(backend))), Path.of("."), 1, time, null);
    model = Objects.requireNonNull(models.find("m"));
  }

  @AfterEach
  void close() {
    models.close();
  }

  @Test
  void waitsForNoAnswerThatNobodyWants() {
    long deadlineNanos = time.nanos() + 30_000_000_000L; // Only waited for where nobody looks.
    Pass pass = new Pass("t", Criticality.CRITICAL, deadlineNanos);
    try (Permit permit = new Permit(model.turnstile(), pass)) {
      assertThat(permit.enter()).isTrue();
      gone.complete(null);
      RefusedException refused =
          catchThrowableOfType(
              RefusedException.class,
              () -> new InProcessCall(time).call(model, stuck, permit, OipBody.json(BODY), gone));
      assertThat(refused.refusal().reason()).isEqualTo("caller-gone");
    }
    assertThat(inFlight()).as("until the model has ended").isOne();
    stuck.running.complete(List.of());
    assertThat(inFlight()).isZero();
  }

  private int inFlight() {
    return model.turnstile().snapshot().lanes().getFirst().inFlight();
  }
}
