package triage.identity;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How callers are known: the settings under the key `identity`.
///
/// **Threads**: immutable.
///
/// @param secretFile the file that holds the secret which signs and verifies tokens; null:
///   `token.secret` in the data folder, made on first use
/// @param issuer who issues tokens: their `iss`; default `triage`
/// @param audience whom tokens are for: their `aud`; default `triage`. Two installations that share
///   a secret tell their tokens apart by it
/// @param tokenLifetimeMax the longest life of a token; 1 minute to 366 days, default 30 days: long
///   enough to renew once a month. A token cannot be recalled before its end but by a new secret,
///   which recalls all
/// @param verifiedTokensMax how many verified tokens are remembered; 1 to 1,000,000, default
///   10,000: more than the systems of a large sponsor, for at most 5 MB
/// @param clockSkew how far the clocks of issuer and verifier may differ; 0 to 5 minutes, default
///   30 s
public record IdentitySettings(
    @Nullable Path secretFile,
    String issuer,
    String audience,
    Duration tokenLifetimeMax,
    int verifiedTokensMax,
    Duration clockSkew) {
  private static final String NAME_DEFAULT = "triage";
  private static final Duration TOKEN_LIFETIME_MAX_DEFAULT = Duration.ofDays(30);
  private static final int VERIFIED_TOKENS_MAX_DEFAULT = 10_000;
  private static final Duration CLOCK_SKEW_DEFAULT = Duration.ofSeconds(30);

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public IdentitySettings {
    require(isName(issuer), "issuer", issuer, "1 to 200 printable characters");
    require(isName(audience), "audience", audience, "1 to 200 printable characters");
    require(
        isBetween(tokenLifetimeMax, Duration.ofMinutes(1), Duration.ofDays(366)),
        "tokenLifetimeMax",
        tokenLifetimeMax,
        "1m to 366d");
    require(
        verifiedTokensMax >= 1 && verifiedTokensMax <= 1_000_000,
        "verifiedTokensMax",
        verifiedTokensMax,
        "1 to 1000000");
    require(
        isBetween(clockSkew, Duration.ZERO, Duration.ofMinutes(5)),
        "clockSkew",
        clockSkew,
        "0s to 5m");
  }

  /// Gives the settings that a file describes; what it leaves out has its default.
  @JsonCreator
  public static IdentitySettings of(
      @Nullable Path secretFile,
      @Nullable String issuer,
      @Nullable String audience,
      @Nullable Duration tokenLifetimeMax,
      @Nullable Integer verifiedTokensMax,
      @Nullable Duration clockSkew) {
    return new IdentitySettings(
        secretFile,
        issuer == null ? NAME_DEFAULT : issuer,
        audience == null ? NAME_DEFAULT : audience,
        tokenLifetimeMax == null ? TOKEN_LIFETIME_MAX_DEFAULT : tokenLifetimeMax,
        verifiedTokensMax == null ? VERIFIED_TOKENS_MAX_DEFAULT : verifiedTokensMax,
        clockSkew == null ? CLOCK_SKEW_DEFAULT : clockSkew);
  }

  /// Gives the settings of a file that says nothing about identity.
  public static IdentitySettings defaults() {
    return of(null, null, null, null, null, null);
  }

  /// Gives the file that holds the secret.
  ///
  /// @param data the data folder, where the file is unless one is set
  /// @param folder the settings file's folder, where a relative `secretFile` starts
  public Path secretFile(Path data, Path folder) {
    return secretFile == null ? data.resolve("token.secret") : folder.resolve(secretFile);
  }

  private static boolean isName(String text) {
    return !text.isEmpty()
        && text.length() <= 200
        && text.chars().allMatch(c -> c > 0x20 && c < 0x7f);
  }

  private static boolean isBetween(Duration value, Duration min, Duration max) {
    return value.compareTo(min) >= 0 && value.compareTo(max) <= 0;
  }

  private static void require(boolean holds, String name, Object value, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: " + rule + ")");
    }
  }
}
