package triage.planted.store.flat;

/// Breaks the plan: rooms are flat.
public final class IsInARoomWithinARoom {}
