package triage.analysis;

import org.jspecify.annotations.Nullable;

/// What a caller asks for.
///
/// **Threads**: immutable by contract; the array is shared, not copied.
///
/// @param model the model's name
/// @param version its version, or `null` for the one that is served
/// @param study on whose behalf; `null` only where the path knows none
/// @param site the site within the study, or `null`
/// @param subject whom the data are of, or `null`
/// @param input the inference request, as the caller wrote it
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record Submission(
    String model,
    @Nullable String version,
    @Nullable String study,
    @Nullable String site,
    @Nullable String subject,
    byte[] input) {

  /// Gives the same for a version.
  Submission pinnedTo(String pinned) {
    return new Submission(model, pinned, study, site, subject, input);
  }
}
