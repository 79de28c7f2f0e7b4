package triage.gateway;

import java.util.function.BooleanSupplier;

/// How long one connection may take to agree on TLS and on a protocol: as long as headers may, from
/// its opening. Whatever arrives meanwhile buys no time. What comes after is looked after by the
/// protocol's own pace.
///
/// **Threads**: confined to the pacer's.
final class HandshakePace implements Pacer.Paced {
  private final Pacer pacer;
  private final BooleanSupplier over;
  private final Runnable close;
  private final long sinceNanos;

  /// Makes the pace of a connection that has just been opened.
  ///
  /// @param over tells whether a protocol has begun, or the connection has ended
  /// @param close ends the connection, without another word to the caller
  HandshakePace(Pacer pacer, BooleanSupplier over, Runnable close) {
    this.pacer = pacer;
    this.over = over;
    this.close = close;
    this.sinceNanos = pacer.nanos();
  }

  @Override
  public void check(long nowNanos) {
    if (over.getAsBoolean()) {
      pacer.remove(this);
    } else if (nowNanos - sinceNanos >= pacer.connections().headerTimeout().toNanos()) {
      pacer.remove(this);
      pacer.giveUp(Slowness.HANDSHAKE, close);
    }
  }
}
