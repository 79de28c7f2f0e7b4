package triage.gateway;

/// The kinds of paths whose callers differ in how long they are waited for.
enum RouteGroup {
  /// What only reads, and is soon told: status, lists, metadata. Front ends poll these.
  READS,

  /// What brings a body and waits for an answer.
  WRITES,

  /// What answers for long: streams of tokens or events, exports.
  STREAMS;

  /// Gives the group of a request.
  ///
  /// @param target a path, or a path with a query
  static RouteGroup of(String method, String target) {
    int end = target.indexOf('?');
    String path = end < 0 ? target : target.substring(0, end);
    if (isLong(path)) {
      return STREAMS;
    }
    return method.equals("GET") || method.equals("HEAD") ? READS : WRITES;
  }

  private static boolean isLong(String path) {
    return path.equals("/v1/chat/completions")
        || path.equals("/v1/completions")
        || path.startsWith("/api/v1/exports")
        || (path.startsWith("/api/v1/") && path.endsWith("/events"));
  }
}
