package triage.store;

/// One step of the schema, as `db status` lists it.
///
/// @param version the step's number, as in its file name
/// @param description what it brings, as in its file name
/// @param state `Success`, `Pending`, or what else Flyway says of it
public record Migration(String version, String description, String state) {}
