package triage.identity;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import java.util.regex.Pattern;
import triage.admission.Criticality;

/// A system that may talk to Triage: what a verified token says.
///
/// **Threads**: immutable.
///
/// @param name who it is; 1 to 64 of `A-Z a-z 0-9 . _ @ -`, safe in log lines and metric labels
/// @param ceiling the highest criticality that its requests may have
/// @param studies the studies whose data it may touch, or [#ALL_STUDIES]; at most 100
/// @param roles what it may do; may be empty
/// @param expiry until when this holds, in whole seconds
public record Caller(
    String name, Criticality ceiling, Set<String> studies, Set<Role> roles, Instant expiry) {
  /// The studies of a caller who may see every study.
  public static final Set<String> ALL_STUDIES = Set.of("*");

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._@-]{1,64}");
  private static final int STUDIES_MAX = 100;

  /// Copies the sets and checks every value.
  ///
  /// @throws IllegalArgumentException naming the value and the rule
  public Caller {
    studies = Set.copyOf(studies);
    roles = Set.copyOf(roles);
    requireName("caller", name);
    if (studies.size() > STUDIES_MAX) {
      throw new IllegalArgumentException(
          "studies: " + studies.size() + " of them (expected: <= " + STUDIES_MAX + ")");
    }
    if (!studies.equals(ALL_STUDIES)) {
      studies.forEach(study -> requireName("study", study));
    }
    if (!expiry.equals(expiry.truncatedTo(ChronoUnit.SECONDS))) {
      throw new IllegalArgumentException("expiry: " + expiry + " (expected: whole seconds)");
    }
  }

  /// Says whether this caller has a role.
  public boolean may(Role role) {
    return roles.contains(role);
  }

  /// Says whether this caller may touch the data of a study.
  public boolean maySee(String study) {
    return studies.contains(study) || studies.equals(ALL_STUDIES);
  }

  private static void requireName(String what, String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          what + ": " + printable(name) + " (expected: 1 to 64 of A-Z a-z 0-9 . _ @ -)");
    }
  }

  /// Bounds and cleans a name that broke the rule, so that it cannot break a log line as well.
  private static String printable(String name) {
    String clean = name.replaceAll("[^\\x20-\\x7e]", "?");
    return clean.length() <= 64 ? clean : clean.substring(0, 64) + "...";
  }
}
