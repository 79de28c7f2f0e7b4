package triage.identity;

/// The header that carries a token: `Authorization: Bearer TOKEN` (RFC 6750).
///
/// **Threads**: no state.
final class Bearer {
  /// The longest header value that is looked at, in characters.
  static final int HEADER_LENGTH_MAX = 8 << 10;

  static final String PREFIX = "Bearer ";

  private Bearer() {}

  /// Gives where the token starts in a header value, or -1 if the value is too long, of another
  /// scheme, or empty. What follows is not looked at: see [#isToken].
  static int tokenStart(String header) {
    int length = header.length();
    if (length > HEADER_LENGTH_MAX || !header.regionMatches(true, 0, PREFIX, 0, PREFIX.length())) {
      return -1;
    }
    int start = PREFIX.length();
    while (start < length && header.charAt(start) == ' ') {
      start++;
    }
    return start == length ? -1 : start;
  }

  /// Says whether all the rest of a header value, from `start`, is in the alphabet of compact JWS:
  /// no blank, no comma, no second token.
  static boolean isToken(String header, int start) {
    for (int i = start; i < header.length(); i++) {
      if (!isTokenCharacter(header.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean isTokenCharacter(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '.'
        || c == '-'
        || c == '_';
  }
}
