package triage.backend;

/// What otherwise only a timer does.
public final class Sweeps {
  private Sweeps() {}

  /// Takes back the permits that have leaked, and gives how many there were.
  public static int takeBackLeaked(Turnstile turnstile) {
    return turnstile.takeBackLeaked();
  }
}
