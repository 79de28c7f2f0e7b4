package triage.gateway;

/// How long one HTTP/1 connection may take with its next step: the head of a request, or to be used
/// again.
///
/// **Threads**: safe for use by several threads; the connection writes, the pacer reads. A look
/// that comes between the two writes of a step sees one that is over or not due yet.
final class ConnectionPace implements Pacer.Paced {
  private enum Step {
    /// Request line and headers are awaited, or come in.
    HEADER,
    /// A request is in hand, and looked after by its exchange.
    BUSY,
    /// The connection is kept for a next request.
    IDLE,
    /// It has been given up.
    OVER
  }

  private final Pacer pacer;
  private final long headerNanos;
  private final Runnable close;
  private volatile long dueNanos;
  private volatile Step step = Step.BUSY;

  /// Makes the pace of a connection that is not open yet.
  ///
  /// @param close ends the connection
  ConnectionPace(Pacer pacer, Runnable close) {
    this.pacer = pacer;
    this.headerNanos = pacer.connections().headerTimeout().toNanos();
    this.close = close;
  }

  /// The connection is open, and its first request should come.
  void opened() {
    expect(Step.HEADER, headerNanos);
    pacer.add(this);
  }

  void closed() {
    step = Step.OVER;
    pacer.remove(this);
  }

  /// The first byte of a request has come. That of the connection's first one does not lengthen
  /// its time.
  void begun() {
    if (step != Step.HEADER) {
      expect(Step.HEADER, headerNanos);
    }
  }

  /// The headers are complete.
  void headed() {
    step = Step.BUSY;
  }

  /// A request is over.
  void ended(RouteGroup group) {
    expect(Step.IDLE, pacer.pace().of(group).keepAliveNanos());
  }

  private void expect(Step next, long nanos) {
    // Busy in between, so that no look pairs the new step with the old time.
    step = Step.BUSY;
    dueNanos = pacer.nanos() + nanos;
    step = next;
  }

  @Override
  public void check(long nowNanos) {
    Step seen = step;
    if ((seen != Step.HEADER && seen != Step.IDLE) || nowNanos - dueNanos < 0 || step != seen) {
      return;
    }
    step = Step.OVER;
    if (seen == Step.HEADER) {
      pacer.giveUp(Slowness.HEADER, close);
    } else {
      pacer.end(close);
    }
  }
}
