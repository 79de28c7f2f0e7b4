package triage.identity;

import java.util.Locale;
import java.util.Optional;

/// What a caller may do, whatever the study. On the wire: the name in lower case.
public enum Role {
  /// Ask models for answers.
  REQUEST,
  /// Look at models, results and states.
  READ,
  /// Change how Triage runs: profiles, dumps, log levels, breakers.
  OPERATE;

  private static final Role[] VALUES = values();
  private final String wire = name().toLowerCase(Locale.ROOT);

  /// Gives this role's name on the wire and on the command line: `request`, `read`, `operate`.
  public String wire() {
    return wire;
  }

  /// Gives the role of a wire name, or nothing if there is none of that name.
  public static Optional<Role> ofWire(String wire) {
    for (Role role : VALUES) {
      if (role.wire.equals(wire)) {
        return Optional.of(role);
      }
    }
    return Optional.empty();
  }
}
