package triage.planted.cellar;

/// Breaks the plan: it has no such room.
public final class IsInNoRoom {}
