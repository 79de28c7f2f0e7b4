package triage.analysis;

import org.jspecify.annotations.Nullable;

/// How a job ended. When is said by the store.
///
/// @param state a final one
/// @param status of the model's answer; 0 if there was none
/// @param reason for programs, or `null`
/// @param detail for people, or `null`
/// @param backend who answered, or `null`
/// @param result the model's answer, or `null`
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record Ending(
    JobState state,
    int status,
    @Nullable String reason,
    @Nullable String detail,
    @Nullable String backend,
    byte @Nullable [] result) {}
