package triage.planted.audit;

/// Breaks no rule: managed classes know Dropwizard.
public final class RunsManaged implements io.dropwizard.lifecycle.Managed {}
