package triage.identity;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.HexFormat;
import java.util.random.RandomGenerator;

/// Signs tokens: JSON Web Tokens (RFC 7519) with HS256.
///
/// **Threads**: safe for use by several threads if its generator is.
public final class TokenIssuer {
  private final TokenSecret secret;
  private final IdentitySettings settings;
  private final InstantSource clock;
  private final RandomGenerator random;

  /// Makes an issuer.
  ///
  /// @param random where token ids come from
  public TokenIssuer(
      TokenSecret secret, IdentitySettings settings, InstantSource clock, RandomGenerator random) {
    this.secret = secret;
    this.settings = settings;
    this.clock = clock;
    this.random = random;
  }

  /// Gives a token that stands for `caller` from now until the caller's expiry.
  ///
  /// @throws IllegalArgumentException if the life is not between 1 s and the longest allowed, or
  ///   the token would be longer than a header may be
  public String issue(Caller caller) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    Duration life = Duration.between(now, caller.expiry());
    if (life.toSeconds() < 1 || life.compareTo(settings.tokenLifetimeMax()) > 0) {
      throw new IllegalArgumentException(
          "ttl: " + life + " (expected: PT1S to " + settings.tokenLifetimeMax() + ")");
    }
    byte[] id = new byte[16];
    random.nextBytes(id);
    String token = signed(claims(caller, now, HexFormat.of().formatHex(id)));
    int lengthMax = Bearer.HEADER_LENGTH_MAX - Bearer.PREFIX.length();
    if (token.length() > lengthMax) {
      throw new IllegalArgumentException(
          "token: " + token.length() + " characters (expected: <= " + lengthMax + ")");
    }
    return token;
  }

  private JWTClaimsSet claims(Caller caller, Instant now, String id) {
    return new JWTClaimsSet.Builder()
        .issuer(settings.issuer())
        .audience(settings.audience())
        .subject(caller.name())
        .issueTime(Date.from(now))
        .expirationTime(Date.from(caller.expiry()))
        .jwtID(id)
        .claim("ceiling", caller.ceiling().name())
        .claim("roles", caller.roles().stream().sorted().map(Role::wire).toList())
        .claim("studies", caller.studies().stream().sorted().toList())
        .build();
  }

  private String signed(JWTClaimsSet claims) {
    JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.HS256).type(JOSEObjectType.JWT).build();
    SignedJWT token = new SignedJWT(header, claims);
    try {
      token.sign(new MACSigner(secret.bytes()));
    } catch (JOSEException e) {
      throw new IllegalStateException("HS256 is not there", e);
    }
    return token.serialize();
  }
}
