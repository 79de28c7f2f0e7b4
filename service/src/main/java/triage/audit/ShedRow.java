package triage.audit;

import java.util.UUID;

/// How many requests alike were shed within one window, as a row.
///
/// **Threads**: immutable.
record ShedRow(UUID id, ShedLedger.Count count) {}
