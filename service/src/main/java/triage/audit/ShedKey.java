package triage.audit;

import org.jspecify.annotations.Nullable;

/// What sheds are counted by.
///
/// **Threads**: immutable.
///
/// @param caller who was shed; `unattributed` where the door did not know
/// @param study on whose behalf, if that is known
/// @param model the model asked for
/// @param reason why, one of the reasons a refused caller learns
record ShedKey(String caller, @Nullable String study, String model, String reason) {

  ShedKey {
    caller = AuditText.bounded(caller);
    study = AuditText.boundedOrNull(study);
    model = AuditText.bounded(model);
    reason = AuditText.bounded(reason);
  }

  /// Gives the key under which sheds with this reason are counted when there are too many keys.
  ShedKey other() {
    return new ShedKey("other", null, "other", reason);
  }
}
