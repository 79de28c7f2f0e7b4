package triage.backend;

/// Who does the work of a model version: one model server, or one model in process.
///
/// **Threads**: safe for use by several threads.
public sealed interface Backend extends AutoCloseable permits InProcessBackend, HttpBackend {

  /// Gives the backend's name in headers, metrics, audit rows and logs: never a secret.
  String name();

  /// Frees what the backend holds. Requests in flight end first.
  @Override
  void close();
}
