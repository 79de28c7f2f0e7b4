package triage.perf.live;

import java.io.IOException;

/// More has come on a connection than the answer to its request.
final class SecondAnswerException extends IOException {
  private static final long serialVersionUID = 1;

  SecondAnswerException() {
    super("bytes behind the answer");
  }
}
