package triage.identity;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.nimbusds.jose.Header;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import triage.identity.Verification.Cause;
import triage.identity.Verification.Refused;
import triage.identity.Verification.Verified;

/// Turns the `Authorization` header of a request into the caller it stands for.
///
/// Verifying costs some thirty times a look-up, so that the tokens found good are remembered, by
/// hash, up to a bound and until they expire. Refusals are not remembered: nobody without a good
/// token can fill the memory.
///
/// **Source**: RFC 8725, JSON Web Token Best Current Practices: one algorithm, pinned; `typ`,
/// `iss`, `aud` and `exp` required; the signature is checked before any claim is read.
///
/// **Threads**: safe for use by several threads; never blocks.
public final class TokenVerifier {
  private static final Refused MISSING =
      new Refused(
          Cause.MISSING, "no token: send the header Authorization: Bearer TOKEN with the request");
  private static final Refused NO_BEARER =
      new Refused(
          Cause.MALFORMED,
          "the Authorization header is not one bearer token of at most 8 KiB: send Bearer TOKEN");
  private static final Refused NO_TOKEN =
      new Refused(Cause.MALFORMED, "not a JSON Web Token: send the token as it was issued");
  private static final Refused UNSUPPORTED_ALGORITHM =
      new Refused(
          Cause.UNSUPPORTED_ALGORITHM,
          "the token is not signed with HS256: send the token as it was issued");
  private static final Refused FOREIGN =
      new Refused(
          Cause.FOREIGN,
          "the token was not issued for this service: ask the operator of this service for a new"
              + " token");
  private static final Refused EXPIRED =
      new Refused(
          Cause.EXPIRED, "the token has expired: ask the operator of this service for a new token");

  private final MACVerifier signatures;
  private final ClaimsCheck claims;
  private final InstantSource clock;
  private final long skewMillis;
  private final Cache<TokenKey, Verified> verified;

  /// Makes a verifier of the tokens that an issuer with the same secret and settings signs.
  public TokenVerifier(TokenSecret secret, IdentitySettings settings, InstantSource clock) {
    try {
      this.signatures = new MACVerifier(secret.bytes());
    } catch (JOSEException e) {
      throw new IllegalStateException("HS256 is not there", e);
    }
    this.claims = new ClaimsCheck(settings);
    this.clock = clock;
    this.skewMillis = settings.clockSkew().toMillis();
    this.verified =
        Caffeine.newBuilder()
            .maximumSize(settings.verifiedTokensMax())
            .executor(Runnable::run)
            .build();
  }

  /// Gives the caller behind an `Authorization` header, or why there is none.
  ///
  /// @param authorizationHeader the header's value; null if there is none
  public Verification verify(@Nullable String authorizationHeader) {
    if (authorizationHeader == null || authorizationHeader.isBlank()) {
      return MISSING;
    }
    int start = Bearer.tokenStart(authorizationHeader);
    if (start < 0) {
      return NO_BEARER;
    }
    TokenKey key = TokenKey.of(authorizationHeader, start);
    Verified known = verified.getIfPresent(key);
    if (known != null) {
      return isCurrent(key, known) ? known : EXPIRED;
    }
    if (!Bearer.isToken(authorizationHeader, start)) {
      return NO_BEARER;
    }
    Verification outcome = verifyAnew(authorizationHeader.substring(start));
    if (outcome instanceof Verified good) {
      verified.put(key, good);
    }
    return outcome;
  }

  /// Gives the caller behind a header whose token was verified before and is still good, or null: a
  /// look-up that never verifies, for those who must decide within a microsecond.
  ///
  /// @param authorizationHeader the header's value; null if there is none
  public @Nullable Caller known(@Nullable String authorizationHeader) {
    if (authorizationHeader == null) {
      return null;
    }
    int start = Bearer.tokenStart(authorizationHeader);
    if (start < 0) {
      return null;
    }
    TokenKey key = TokenKey.of(authorizationHeader, start);
    Verified known = verified.getIfPresent(key);
    return known != null && isCurrent(key, known) ? known.caller() : null;
  }

  /// Tells whether the token that a caller came with is still good.
  public boolean isCurrent(Caller caller) {
    return clock.millis() < caller.expiry().toEpochMilli() + skewMillis;
  }

  /// Gives how many tokens are remembered, about.
  long remembered() {
    verified.cleanUp();
    return verified.estimatedSize();
  }

  private boolean isCurrent(TokenKey key, Verified known) {
    if (isCurrent(known.caller())) {
      return true;
    }
    verified.invalidate(key);
    return false;
  }

  private Verification verifyAnew(String token) {
    int first = token.indexOf('.');
    int second = token.indexOf('.', first + 1);
    if (first < 1 || second < 0) {
      return NO_TOKEN;
    }
    try {
      Header header = Header.parse(new Base64URL(token.substring(0, first)));
      if (!JWSAlgorithm.HS256.equals(header.getAlgorithm())
          || !(header instanceof JWSHeader signed)) {
        return UNSUPPORTED_ALGORITHM;
      }
      if (!JOSEObjectType.JWT.equals(header.getType())) {
        return NO_TOKEN;
      }
      Base64URL signature = new Base64URL(token.substring(second + 1));
      // Exactly one spelling of each signature, or one token could be remembered under many keys.
      if (!Base64URL.encode(signature.decode()).equals(signature)) {
        return NO_TOKEN;
      }
      byte[] signedText = token.substring(0, second).getBytes(StandardCharsets.US_ASCII);
      if (!signatures.verify(signed, signedText, signature)) {
        return FOREIGN;
      }
      String payload = new Base64URL(token.substring(first + 1, second)).decodeToString();
      return claims.check(JWTClaimsSet.parse(payload), clock.instant());
    } catch (ParseException e) {
      return NO_TOKEN;
    } catch (JOSEException e) {
      throw new IllegalStateException("HS256 failed", e);
    }
  }
}
