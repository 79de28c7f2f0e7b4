package triage.perf.rival;

import java.util.List;

/// The rivals by name. Immutable, and so safe to share; the rivals themselves are not.
public final class Rivals {
  /// The names, in the order in which a scoreboard shows them.
  public static final List<String> NAMES =
      List.of(
          "none",
          "gozero",
          "gozero-forced",
          "netflix-gradient2",
          "netflix-vegas",
          "netflix-aimd",
          "envoy-gradient",
          "failsafe",
          "sentinel",
          "resilience4j");

  private Rivals() {}

  /// Gives a new rival of that name, whose chance, where it has any, comes from the seed.
  ///
  /// **Errors**: a name that is none of [#NAMES] is a bug of the caller.
  public static Rival fresh(String name, long seed) {
    return switch (name) {
      case "none" -> new Unlimited();
      case "gozero" -> new GozeroBreaker(seed);
      case "gozero-forced" -> new GozeroShedder();
      case "netflix-gradient2" -> NetflixLimiter.gradient2();
      case "netflix-vegas" -> NetflixLimiter.vegas(seed);
      case "netflix-aimd" -> NetflixLimiter.aimd();
      case "envoy-gradient" -> new EnvoyGradient(seed);
      case "failsafe" -> new FailsafeLimiter();
      case "sentinel" -> new SentinelSystemRule();
      case "resilience4j" -> new ResilienceBulkhead();
      default -> throw new IllegalArgumentException(name + " (expected: one of " + NAMES + ")");
    };
  }
}
