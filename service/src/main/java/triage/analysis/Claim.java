package triage.analysis;

import java.util.UUID;
import org.jspecify.annotations.Nullable;
import triage.admission.Criticality;

/// A job that this instance has claimed.
///
/// @param fence the number of this claim; whoever holds an older one writes nothing any more
/// @param attempts how often it was claimed and not put back, this time included
/// @param input the inference request
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record Claim(
    UUID id,
    long fence,
    String caller,
    @Nullable String study,
    String model,
    String version,
    Criticality criticality,
    int attempts,
    byte[] input,
    @Nullable String traceparent) {}
