package triage.gateway;

import java.util.Set;
import triage.backend.InPlaceThreads;
import triage.backend.ModelSettings;
import triage.backend.ModelVersion;
import triage.backend.Models;
import triage.backend.Protocol;
import triage.identity.Caller;
import triage.identity.Role;

/// OpenAI's API: the paths of it that are served, all others being unknown.
///
/// A request names its model in its body, which is read only as far as that takes and relayed as it
/// came; so is the answer.
///
/// **Source**: OpenAI API reference.
///
/// **Threads**: safe for use by several threads; each call on a virtual thread of its own.
final class OpenAiHandler {
  private static final Set<String> ASKED =
      Set.of("/v1/chat/completions", "/v1/completions", "/v1/embeddings");
  private static final String MODELS = "/v1/models";

  /// A body of so many bytes is read on the thread that selects, in some 50 us.
  private static final int READ_IN_PLACE_MAX = 16 << 10;

  private final Models models;
  private final Authentication authentication;
  private final Exchange exchange;
  private final OpenAiModels list;
  private final long bodyBytesMax;

  /// Makes the handler.
  ///
  /// @param since when the models have been served, in seconds since 1970
  OpenAiHandler(Models models, Authentication authentication, Exchange exchange, long since) {
    this.models = models;
    this.authentication = authentication;
    this.exchange = exchange;
    this.list = new OpenAiModels(since);
    this.bodyBytesMax =
        models.all().stream().mapToLong(model -> model.settings().bodyBytesMax()).max().orElse(0);
  }

  void handle(Call call) throws RefusedException {
    Caller caller = authentication.caller(call);
    String path = call.path();
    if (ASKED.contains(path)) {
      call.require("POST");
      ask(call, caller);
    } else if (path.equals(MODELS)) {
      reader(call, caller);
      call.answer(200, list.all(models.defaults()));
    } else if (path.startsWith(MODELS + "/")) {
      reader(call, caller);
      call.answer(200, list.one(model(path.substring(MODELS.length() + 1))));
    } else {
      throw new RefusedException(
          new Refusal(
              404,
              null,
              0,
              "no such path; served here are /v1/chat/completions, /v1/completions, /v1/embeddings"
                  + " and /v1/models"));
    }
  }

  private void ask(Call call, Caller caller) throws RefusedException {
    Authentication.require(caller, Role.REQUEST);
    if (call.header("Content-Encoding") != null) {
      throw new RefusedException(
          new Refusal(
              415, null, 0, "the body names the model, so send it without Content-Encoding"));
    }
    Body body = Body.readToRelay(call.request(), bodyBytesMax);
    try {
      if (body.begun().remaining() > READ_IN_PLACE_MAX) {
        InPlaceThreads.leave();
      }
      CompletionHead head = CompletionHead.read(body.begun(), body.isWhole());
      exchange.infer(call, caller, model(head.model()), body);
    } finally {
      body.giveBack();
    }
  }

  private static void reader(Call call, Caller caller) throws RefusedException {
    call.requireRead();
    Authentication.require(caller, Role.READ);
  }

  private ModelVersion model(String name) throws RefusedException {
    ModelVersion found = models.find(name);
    if (found != null && found.speaks(Protocol.OPENAI)) {
      return found;
    }
    String shown = ModelSettings.NAME.matcher(name).matches() ? "`" + name + "`" : "of that name";
    throw new RefusedException(
        new Refusal(
            404,
            null,
            0,
            found == null
                ? "no model " + shown + " is served here; GET /v1/models lists those there are"
                : "model " + shown + " is served under /v2 only",
            "model"));
  }
}
