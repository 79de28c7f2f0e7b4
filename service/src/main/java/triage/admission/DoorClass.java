package triage.admission;

import java.util.Locale;

/// The classes that the front door tells apart, in the order in which they are shed: last first.
///
/// **Threads**: immutable.
public enum DoorClass {
  /// Safety; keeps a reserved share.
  CRITICAL_PLUS(0),
  /// What a person waits for.
  CRITICAL(1),
  /// May be late or tried again.
  SHEDDABLE_PLUS(2),
  /// Batch and background work.
  SHEDDABLE(3),
  /// Whose token is not known to be good: whatever it asks for, it is shed first, but for an
  /// allowance of its own, by which newcomers become known.
  UNVERIFIED(4);

  private static final DoorClass[] VALUES = values();

  private final int rank;
  private final String wire = name().toLowerCase(Locale.ROOT);

  DoorClass(int rank) {
    this.rank = rank;
  }

  /// Gives the place in the order: 0 for what is shed last.
  public int rank() {
    return rank;
  }

  /// Gives the class of a request whose caller is known.
  public static DoorClass of(Criticality criticality) {
    return VALUES[criticality.rank()];
  }

  /// Gives the name in metrics.
  public String wire() {
    return wire;
  }
}
