package triage.backend;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// What a model server speaks, and so in which of its own forms Triage lets callers ask it.
///
/// The wire names are those of settings.
public enum Protocol {
  /// Open Inference Protocol v2, under `/v2`.
  OIP("oip"),
  /// OpenAI's API, under `/v1`.
  OPENAI("openai");

  /// Every protocol: the default, since a server says itself what it does not know.
  static final Set<Protocol> ALL = Set.copyOf(EnumSet.allOf(Protocol.class));

  private final String wire;

  Protocol(String wire) {
    this.wire = wire;
  }

  /// Gives the protocols of these names.
  ///
  /// @throws IllegalArgumentException naming the value and the names there are
  static Set<Protocol> of(List<String> names) {
    Set<Protocol> found = EnumSet.noneOf(Protocol.class);
    for (String name : names) {
      found.add(named(name));
    }
    return found;
  }

  private static Protocol named(String name) {
    for (Protocol protocol : values()) {
      if (protocol.wire.equals(name)) {
        return protocol;
      }
    }
    throw new IllegalArgumentException("protocols: " + name + " (expected: oip, openai)");
  }
}
