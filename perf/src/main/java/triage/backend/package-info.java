/// The way into the service's room of this name for measurements: it makes what only that room may
/// make, and nothing else stands here. It is in no jar that ships.
///
/// **Threads**: has no state.
package triage.backend;
