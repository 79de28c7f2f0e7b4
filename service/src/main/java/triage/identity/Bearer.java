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
  /// scheme, or holds anything but one token in the alphabet of compact JWS.
  static int tokenStart(String header) {
    int length = header.length();
    if (length > HEADER_LENGTH_MAX || !header.regionMatches(true, 0, PREFIX, 0, PREFIX.length())) {
      return -1;
    }
    int start = PREFIX.length();
    while (start < length && header.charAt(start) == ' ') {
      start++;
    }
    for (int i = start; i < length; i++) {
      if (!isTokenCharacter(header.charAt(i))) {
        return -1;
      }
    }
    return start == length ? -1 : start;
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
