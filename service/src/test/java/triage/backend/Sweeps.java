package triage.backend;

/// What otherwise only a timer does, or a breaker knows.
public final class Sweeps {
  private Sweeps() {}

  /// Gives how many exchanges a backend may be working on, for all that its breaker knows.
  public static int atWork(BackendBreaker breaker) {
    return breaker.atWork();
  }

  /// Takes back the permits that have leaked, and gives how many there were.
  public static int takeBackLeaked(Turnstile turnstile) {
    return turnstile.takeBackLeaked();
  }
}
