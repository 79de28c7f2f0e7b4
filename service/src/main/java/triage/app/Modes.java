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
import triage.admission.Mode;
import triage.audit.AuditTrail;
import triage.identity.Caller;

/// The modes that can be changed while the service runs, each change with a row in the audit trail.
///
/// **Threads**: safe for use by several threads; changes are made one after the other, so that the
/// rows tell them in their order.
final class Modes {
  private static final Logger LOG = LoggerFactory.getLogger(Modes.class);
  private static final String SETTING = "mode";

  /// What came of a change.
  ///
  /// @param from the mode before
  /// @param to the mode since
  /// @param recorded completes once the change is in the audit trail; null where it changed nothing
  record Change(Mode from, Mode to, @Nullable CompletableFuture<Void> recorded) {}

  private final Map<String, ModeSwitch> switches;
  private final AuditTrail audit;
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private long changes;

  /// Makes the modes.
  ///
  /// @param switches by the name that operators use: `door`, or that of a model
  Modes(Map<String, ModeSwitch> switches, AuditTrail audit) {
    this.switches = Collections.unmodifiableMap(new LinkedHashMap<>(switches));
    this.audit = audit;
  }

  /// Gives the modes that hold, by name.
  Map<String, Mode> all() {
    Map<String, Mode> all = new LinkedHashMap<>();
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

  /// Changes one mode.
  ///
  /// @param target one of [#all]
  /// @param by who wants it
  /// @return empty if the audit trail has no room for the row: nothing is changed then
  /// @throws IllegalArgumentException if there is no such target
  Optional<Change> change(String target, Mode to, Caller by) {
    ModeSwitch part = switches.get(target);
    if (part == null) {
      throw new IllegalArgumentException(
          "target: unknown (expected: " + String.join(", ", switches.keySet()) + ")");
    }
    Change change;
    lock.lock();
    try {
      Mode from = part.now().get();
      if (from == to) {
        return Optional.of(new Change(from, to, null));
      }
      Optional<CompletableFuture<Void>> recorded =
          audit.change(by.name(), SETTING, target, from.wire(), to.wire());
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
        "event=mode-changed target={} from={} to={} by={}",
        target,
        change.from().wire(),
        to.wire(),
        by.name());
    return Optional.of(change);
  }
}
