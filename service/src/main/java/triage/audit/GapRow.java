package triage.audit;

import java.util.UUID;

/// What the trail could not keep, as a row.
///
/// **Threads**: immutable.
record GapRow(UUID id, GapLedger.Gap gap) {}
