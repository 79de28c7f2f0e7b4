package triage.gateway;

import java.util.Locale;

/// What a caller was too slow at.
public enum Slowness {
  /// Agreeing on TLS.
  HANDSHAKE,

  /// Sending request line and headers.
  HEADER,

  /// Sending a body.
  BODY,

  /// Reading an answer.
  READER;

  /// Gives the word for metrics.
  public String wire() {
    return name().toLowerCase(Locale.ROOT);
  }
}
