package triage.analysis;

import java.util.UUID;

/// A row that an upload brings.
///
/// **Threads**: immutable by contract.
///
/// @param batch of which
/// @param uploader by which upload
record UploadedRow<T>(UUID batch, UUID uploader, T row) {}
