package triage.app;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.audit.AuditTrail;
import triage.identity.Caller;

/// One setting of several parts, such as their modes, that can be changed while the service runs;
/// each change with a row in the audit trail.
///
/// **Threads**: safe for use by several threads; changes are made one after the other, so that the
/// rows tell them in their order.
final class Switchboard {
  private static final Logger LOG = LoggerFactory.getLogger(Switchboard.class);

  /// What came of a change.
  ///
  /// @param from the value before
  /// @param to the value since
  /// @param recorded completes once the change is in the audit trail; null where it changed nothing
  record Change(String from, String to, @Nullable CompletableFuture<Void> recorded) {}

  private final String setting;
  private final Map<String, Switch> switches;
  private final AuditTrail audit;
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private long changes;

  /// Makes the board.
  ///
  /// @param setting what is set, such as `mode`
  /// @param switches by the name that operators use, such as `door` or that of a model
  Switchboard(String setting, Map<String, Switch> switches, AuditTrail audit) {
    this.setting = setting;
    this.switches = Collections.unmodifiableMap(new LinkedHashMap<>(switches));
    this.audit = audit;
  }

  /// Gives what is set.
  String setting() {
    return setting;
  }

  /// Gives the values that hold, by name.
  Map<String, String> all() {
    Map<String, String> all = new LinkedHashMap<>();
    switches.forEach((target, part) -> all.put(target, part.now().get()));
    return all;
  }

  /// Gives how many changes were made since the start.
  long changes() {
    lock.lock();
    try {
      return changes;
    } finally {
      lock.unlock();
    }
  }

  /// Changes one value.
  ///
  /// @param target one of [#all]
  /// @param by who wants it
  /// @return empty if the audit trail has no room for the row: nothing is changed then
  /// @throws IllegalArgumentException if there is no such target, or no such value
  Optional<Change> change(String target, String value, Caller by) {
    Switch part = switches.get(target);
    if (part == null) {
      throw new IllegalArgumentException(
          "target: unknown (expected: " + String.join(", ", switches.keySet()) + ")");
    }
    String to = part.checked().apply(value);
    Change change;
    lock.lock();
    try {
      String from = part.now().get();
      if (from.equals(to)) {
        return Optional.of(new Change(from, to, null));
      }
      Optional<CompletableFuture<Void>> recorded =
          audit.change(by.name(), setting, target, from, to);
      if (recorded.isEmpty()) {
        return Optional.empty();
      }
      part.set().accept(to);
      changes++;
      change = new Change(from, to, recorded.get());
    } finally {
      lock.unlock();
    }
    LOG.info(
        "event={}-changed target={} from={} to={} by={}",
        setting,
        target,
        change.from(),
        to,
        by.name());
    return Optional.of(change);
  }
}
