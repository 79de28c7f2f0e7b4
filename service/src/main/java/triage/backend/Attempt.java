package triage.backend;

/// One request sent to a backend, as its breaker sees it. It begins at most once, and one that has
/// begun must end, by exactly one of [#succeeded], [#failed], [#unreached], [#timedOut],
/// [#refused], [#abandoned] and [#neverSent].
///
/// **Threads**: safe for use by several threads; its fields are guarded by the breaker's monitor.
public final class Attempt {
  private final BackendBreaker breaker;
  private final String caller;

  long beganNanos;

  /// How often the breaker had opened when it began.
  int openings;

  /// For how many things at a time its caller is waited for; less than none where the end of a wait
  /// was told before its beginning.
  int waits;

  /// Whether it has left its place as the trial because its caller was waited for.
  boolean left;

  boolean ended;

  /// Whether it has the first byte of an answer, or all of it.
  boolean answering;

  Attempt(BackendBreaker breaker, String caller) {
    this.breaker = breaker;
    this.caller = caller;
  }

  /// Begins it, and tells whether it may go on to the backend.
  public boolean begin() {
    return breaker.begin(this);
  }

  /// Notes that a byte of the response has come.
  public void progressed() {
    breaker.progressed();
  }

  /// Notes that the backend waits for the caller, to send more of its body or to read what has come
  /// of the answer, until it [#goesOn]; it may wait for both.
  public void awaitsCaller() {
    breaker.awaitsCaller(this);
  }

  /// Lets the next exchange be the trial after an outage, where this one is the latest: its caller
  /// may take long. What it tells later counts all the same.
  public void leavesTrial() {
    breaker.leavesTrial(this);
  }

  /// Notes that one of these waits is over. After the last the backend's time counts again. Does
  /// nothing to what has ended.
  public void goesOn() {
    breaker.goesOn(this);
  }

  /// Notes that the answer is there, or its first byte where it is relayed: an answer below 400,
  /// from which the backend's usual time is learned.
  public void answering() {
    breaker.answering(this);
  }

  /// Tells whether it began after an outage that has not ended yet, as one by which the breaker
  /// finds out whether the backend is back.
  public boolean isTrial() {
    return breaker.isTrial(this);
  }

  /// Ends the outage that it is a trial after, if there is one: its answer is not whole, but has
  /// lasted for long enough to show that the backend is back.
  public void endsTrial() {
    breaker.endsTrial(this);
  }

  /// Ends it: the backend answered, whatever it said of the content.
  public void succeeded() {
    breaker.succeeded(this, caller);
  }

  /// Ends it: the backend failed it once it had been reached. Where it fails this caller only, and
  /// answers others, that may be for what the caller sent, and says nothing about the backend.
  public void failed() {
    breaker.failed(this, caller);
  }

  /// Ends it: the backend could not be reached, whoever asked.
  public void unreached() {
    breaker.failed(this);
  }

  /// Ends it: its deadline passed. That is a failure of the trial after an outage that had the time
  /// an answer takes, and shows a backend that hangs.
  public void timedOut() {
    breaker.timedOut(this);
  }

  /// Ends it: the backend said that it has too much to do. That is a failure of the trial after an
  /// outage, and says nothing else.
  public void refused() {
    breaker.refused(this);
  }

  /// Ends it: it was not sent after all, which says nothing; as the trial after an outage it leaves
  /// its place to the next.
  public void neverSent() {
    breaker.neverSent(this);
  }

  /// Ends it: it was given up, which says nothing about the backend, unless it was the trial after
  /// an outage and had had the time that an answer takes.
  public void abandoned() {
    breaker.abandoned(this);
  }
}
