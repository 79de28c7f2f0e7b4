package triage.gateway;

import java.time.InstantSource;
import triage.audit.AuditTrail;
import triage.backend.Models;
import triage.identity.TokenVerifier;
import triage.time.AlarmClock;

/// What the application port needs from the other rooms.
///
/// @param models the models that are served
/// @param tokens who is calling
/// @param audit where exchanges are written down
/// @param meter what is counted
/// @param readiness whether requests are taken
/// @param clock for waits and deadlines
/// @param wallClock for records
/// @param seed of the spread of Retry-After
/// @param version of the program
public record Gateway(
    Models models,
    TokenVerifier tokens,
    AuditTrail audit,
    ExchangeMeter meter,
    Readiness readiness,
    AlarmClock clock,
    InstantSource wallClock,
    long seed,
    String version) {

  /// Makes the way to the models for callers who are not on the line.
  public ModelCall modelCall() {
    return new ModelCall(models, audit, meter, clock, wallClock);
  }

  /// Makes what tells the callers of resources why they were refused.
  public Object problems() {
    return new ProblemMapper(new RetryAfter(seed));
  }

  /// Makes what passes over the rest of a resource's answer that its caller does not take.
  public Object unreadAnswers() {
    return new UnreadAnswers();
  }

  /// Makes the handler of the application port.
  ///
  /// @param later who takes inferences that are to be answered later
  /// @param streams who answers with streams of events
  public GatewayHandler handler(AsyncIntake later, EventStreams streams) {
    Authentication authentication = new Authentication(tokens, meter);
    Exchange exchange = new Exchange(models, audit, meter, clock, wallClock);
    OipHandler oip = new OipHandler(models, authentication, exchange, later, readiness, version);
    OpenAiHandler openAi =
        new OpenAiHandler(models, authentication, exchange, wallClock.instant().getEpochSecond());
    NativeHandler others = new NativeHandler(authentication, streams);
    return new GatewayHandler(oip, openAi, others, clock, seed);
  }
}
