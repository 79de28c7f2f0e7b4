package triage.gateway;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.eclipse.jetty.client.ContentResponse;
import org.jspecify.annotations.Nullable;
import triage.admission.GateSnapshot;
import triage.admission.Reason;
import triage.backend.Backend;
import triage.backend.HttpBackend;
import triage.backend.InPlaceThreads;
import triage.backend.InProcessBackend;
import triage.backend.ModelSettings;
import triage.backend.ModelVersion;
import triage.backend.Models;
import triage.backend.Protocol;
import triage.identity.Caller;
import triage.identity.Role;

/// The Open Inference Protocol: its paths, and who may do what there.
///
/// **Source**: Open Inference Protocol v2, REST.
///
/// **Threads**: safe for use by several threads; each call on a virtual thread of its own.
final class OipHandler {
  /// How long all backends together may take to describe a model, and how many are asked.
  private static final Duration METADATA_TIMEOUT = Duration.ofSeconds(5);

  private static final int METADATA_BACKENDS_MAX = 3;
  private static final long RETRY_NANOS = 1_000_000_000L;

  private final Models models;
  private final Authentication authentication;
  private final Exchange exchange;
  private final AsyncIntake later;
  private final Readiness readiness;
  private final String version;

  OipHandler(
      Models models,
      Authentication authentication,
      Exchange exchange,
      AsyncIntake later,
      Readiness readiness,
      String version) {
    this.models = models;
    this.authentication = authentication;
    this.exchange = exchange;
    this.later = later;
    this.readiness = readiness;
    this.version = version;
  }

  void handle(Call call) throws RefusedException {
    switch (OipRoute.of(call.path())) {
      case OipRoute.ServerLive() -> {
        call.requireRead();
        call.answer(200, OipWriter.live(true));
      }
      case OipRoute.ServerReady() -> {
        call.requireRead();
        boolean ready = readiness.isReady();
        call.answer(ready ? 200 : 503, OipWriter.ready(ready));
      }
      case OipRoute.ServerMetadata() -> {
        reader(call);
        call.answer(200, OipWriter.serverMetadata(version));
      }
      case OipRoute.Metadata(String name, String asked) -> {
        reader(call);
        describe(call, model(name, asked));
      }
      case OipRoute.Ready(String name, String asked) -> {
        reader(call);
        ModelVersion model = model(name, asked);
        boolean ready = !inRotation(model).isEmpty();
        call.answer(ready ? 200 : 503, OipWriter.modelReady(model.name(), ready));
      }
      case OipRoute.Infer(String name, String asked) -> {
        Caller caller = authentication.caller(call);
        call.require("POST");
        ModelVersion model = speaking(model(name, asked));
        if (RequestHeaders.wantsAsync(call.request().getHeaders().getCSV("Prefer", false))) {
          accept(call, caller, model);
        } else {
          exchange.infer(call, caller, model, null);
        }
      }
      case OipRoute.Unknown() -> {
        authentication.caller(call);
        throw new RefusedException(
            new Refusal(
                404,
                null,
                0,
                "no such path; the protocol has /v2, /v2/health/live, /v2/health/ready and"
                    + " /v2/models/{model}[/versions/{version}][/ready|/infer]"));
      }
    }
  }

  private void reader(Call call) throws RefusedException {
    Caller caller = authentication.caller(call);
    call.requireRead();
    Authentication.require(caller, Role.READ);
  }

  private ModelVersion model(String name, @Nullable String asked) throws RefusedException {
    ModelVersion found = asked == null ? models.find(name) : models.find(name, asked);
    if (found != null) {
      return found;
    }
    String shown = ModelSettings.NAME.matcher(name).matches() ? "`" + name + "`" : "of that name";
    boolean otherVersion = models.find(name) != null;
    throw new RefusedException(
        new Refusal(
            404,
            null,
            0,
            otherVersion
                ? "model " + shown + " is not served in that version; leave the version out"
                : "no model " + shown + " is served here; check the name in the path"));
  }

  /// Accepts an inference that may be answered later, under `/api/v1/jobs`.
  private void accept(Call call, Caller caller, ModelVersion model) throws RefusedException {
    Authentication.require(caller, Role.REQUEST);
    InPlaceThreads.leave();
    // What is kept may be smaller than what is passed on; no more than that is read.
    long bytesMax = Math.min(model.settings().bodyBytesMax(), later.bodyBytesMax());
    OipBody sent =
        OipBody.of(
            Body.read(call.request(), bytesMax).bytes(),
            call.header(OipBody.JSON_LENGTH),
            call.header("Content-Encoding"),
            bytesMax);
    if (sent.jsonLength() < sent.bytes().length) {
      throw new RefusedException(
          new Refusal(
              415,
              null,
              0,
              OipBody.JSON_LENGTH
                  + ": raw tensors are not kept for later; send their data as JSON, or leave"
                  + " `respond-async` out"));
    }
    AsyncIntake.Outcome outcome =
        later.accept(
            new AsyncIntake.Inference(
                caller,
                new Target(model),
                RequestHeaders.criticality(call.header("Priority"), caller.ceiling()),
                sent.bytes(),
                call.header("traceparent")),
            new NativeCall(call.request(), caller, call.arrivedNanos()));
    String path = "/api/v1/jobs/" + outcome.job();
    call.setHeader("Location", path);
    call.setHeader("Preference-Applied", outcome.applied());
    switch (outcome) {
      case AsyncIntake.Accepted accepted -> {
        call.setHeader("Retry-After", String.valueOf(accepted.retryAfterSeconds()));
        call.answer(
            202,
            ("{\"id\":\"" + accepted.job() + "\",\"location\":\"" + path + "\"}")
                .getBytes(StandardCharsets.UTF_8));
      }
      case AsyncIntake.Answered answered -> {
        call.setHeader("Triage-Model", model.name());
        call.setHeader("Triage-Model-Version", model.version());
        if (answered.backend() != null) {
          call.setHeader("Triage-Backend", answered.backend());
        }
        call.answer(200, answered.answer());
      }
      case AsyncIntake.Refused refused -> call.refuse(refused.refusal());
    }
  }

  private static ModelVersion speaking(ModelVersion model) throws RefusedException {
    if (!model.speaks(Protocol.OIP)) {
      throw new RefusedException(
          new Refusal(404, null, 0, "model `" + model.name() + "` is served under /v1 only"));
    }
    return model;
  }

  /// Says what a model takes and gives: in Triage's own words, or in those of the first backend in
  /// rotation that can tell. Where none can, but one has failed or has too much to do, what that
  /// says is relayed.
  private static void describe(Call call, ModelVersion model) throws RefusedException {
    List<Backend> asked = inRotation(model);
    ContentResponse last = null;
    for (Backend backend : asked) {
      switch (backend) {
        case InProcessBackend own -> {
          call.answer(200, OipWriter.modelMetadata(model.name(), model.version(), own.spec()));
          return;
        }
        case HttpBackend server -> {
          Duration patience = METADATA_TIMEOUT.dividedBy(asked.size());
          ContentResponse answer = described(server, model.path(), patience);
          if (answer != null && isAboutTheModel(answer.getStatus())) {
            call.answer(answer.getStatus(), answer.getContent());
            return;
          }
          last = answer == null ? last : answer;
        }
      }
    }
    if (last == null) {
      throw new RefusedException(Refusal.of(Reason.NO_BACKEND, RETRY_NANOS));
    }
    if (BackendStatus.isFault(last.getStatus())) {
      throw new RefusedException(Refusal.serverAtFault(last.getStatus()));
    }
    call.answer(last.getStatus(), last.getContent());
  }

  /// Gives the first few backends in rotation; a caller may wait for all of them.
  private static List<Backend> inRotation(ModelVersion model) {
    List<GateSnapshot.LaneSnapshot> lanes = model.turnstile().snapshot().lanes();
    return IntStream.range(0, lanes.size())
        .filter(lane -> lanes.get(lane).open())
        .limit(METADATA_BACKENDS_MAX)
        .mapToObj(model.backends()::get)
        .toList();
  }

  private static @Nullable ContentResponse described(
      HttpBackend server, String path, Duration patience) {
    try {
      ContentResponse answer = server.fetch(path, patience);
      return answer.getStatus() > HttpRelay.STATUS_MAX ? null : answer;
    } catch (IOException e) {
      return null;
    }
  }

  private static boolean isAboutTheModel(int status) {
    return status < 500 && status != 429 && !BackendStatus.isFault(status);
  }
}
