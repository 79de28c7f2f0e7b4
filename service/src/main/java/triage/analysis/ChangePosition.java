package triage.analysis;

import java.util.Comparator;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A place in the order of all changes of jobs, which the store gives and every instance reads
/// alike: the number of the transaction that made the change, then the job.
///
/// **Threads**: immutable.
///
/// @param transaction 64 bits wide, so that it never begins anew; not negative
record ChangePosition(long transaction, UUID job) implements Comparable<ChangePosition> {
  /// As the store orders them: ids by their bytes, which have no sign.
  private static final Comparator<ChangePosition> ORDER =
      Comparator.comparingLong(ChangePosition::transaction)
          .thenComparing(place -> place.job.getMostSignificantBits(), Long::compareUnsigned)
          .thenComparing(place -> place.job.getLeastSignificantBits(), Long::compareUnsigned);

  /// Before all changes.
  static final ChangePosition START = new ChangePosition(0, new UUID(0, 0));

  private static final Pattern FORM =
      Pattern.compile(
          "([1-9][0-9]{0,17})-" + "([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})");

  /// Gives the place before all changes of a transaction and of those after it.
  static ChangePosition before(long transaction) {
    return new ChangePosition(transaction, START.job);
  }

  /// Gives the place of this name, or nothing if it is none.
  static Optional<ChangePosition> of(String text) {
    if (text.equals("0")) {
      return Optional.of(START);
    }
    Matcher parts = FORM.matcher(text);
    return parts.matches()
        ? Optional.of(
            new ChangePosition(Long.parseLong(parts.group(1)), UUID.fromString(parts.group(2))))
        : Optional.empty();
  }

  @Override
  public int compareTo(ChangePosition other) {
    return ORDER.compare(this, other);
  }

  /// Gives the name.
  @Override
  public String toString() {
    return equals(START) ? "0" : transaction + "-" + job;
  }
}
