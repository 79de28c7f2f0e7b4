package triage.admission;

/// How much a request matters, most critical first: the order in which requests pass when not all
/// can.
///
/// **Source**: the four criticalities of Google's SRE book, chapter "Handling Overload"; on the
/// wire they are the urgencies of RFC 9218, two to a class.
public enum Criticality {
  /// Safety: shed last. Urgency 0 and 1.
  CRITICAL_PLUS(0),
  /// What a person waits for; the default. Urgency 2 and 3.
  CRITICAL(1),
  /// May be late or tried again. Urgency 4 and 5.
  SHEDDABLE_PLUS(2),
  /// Batch and background work: shed first. Urgency 6 and 7.
  SHEDDABLE(3);

  private static final Criticality[] VALUES = values();

  private final int rank;

  Criticality(int rank) {
    this.rank = rank;
  }

  /// Gives the place in the order: 0 for the most critical, 3 for the least.
  public int rank() {
    return rank;
  }

  /// Gives the criticality of an urgency.
  ///
  /// @param urgency 0 to 7, as in the `Priority` header of RFC 9218
  /// @throws IllegalArgumentException if the urgency is out of range
  public static Criticality ofUrgency(int urgency) {
    if (urgency < 0 || urgency > 7) {
      throw new IllegalArgumentException("urgency: " + urgency + " (expected: 0 to 7)");
    }
    return VALUES[urgency >> 1];
  }

  /// Gives this criticality, or `ceiling` where this one is above it.
  public Criticality clampedTo(Criticality ceiling) {
    return compareTo(ceiling) < 0 ? ceiling : this;
  }
}
