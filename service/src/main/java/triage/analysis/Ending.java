package triage.analysis;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// How a job ended.
///
/// @param state a final one
/// @param at when, by the wall clock, in whole microseconds
/// @param status of the model's answer; 0 if there was none
/// @param reason for programs, or `null`
/// @param detail for people, or `null`
/// @param backend who answered, or `null`
/// @param result the model's answer, or `null`
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record Ending(
    JobState state,
    Instant at,
    int status,
    @Nullable String reason,
    @Nullable String detail,
    @Nullable String backend,
    byte @Nullable [] result) {}
