package triage.identity;

import com.nimbusds.jwt.JWTClaimsSet;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import triage.admission.Criticality;
import triage.identity.Verification.Cause;
import triage.identity.Verification.Refused;
import triage.identity.Verification.Verified;

/// The rules for what a token claims, once its signature is known to be ours.
///
/// **Threads**: immutable.
final class ClaimsCheck {
  private static final String NEW_ONE = ": ask the operator of this service for a new token";

  private final IdentitySettings settings;

  ClaimsCheck(IdentitySettings settings) {
    this.settings = settings;
  }

  /// Gives the caller that the claims describe, or the first rule that they break.
  Verification check(JWTClaimsSet claims, Instant now) {
    if (!settings.issuer().equals(claims.getIssuer())
        || !claims.getAudience().contains(settings.audience())) {
      return new Refused(
          Cause.FOREIGN, "the token is of another issuer or for another audience" + NEW_ONE);
    }
    Date issued = claims.getIssueTime();
    Date expires = claims.getExpirationTime();
    if (issued == null || expires == null) {
      return malformed("iat or exp is missing");
    }
    Refused untimely = untimely(issued.toInstant(), expires.toInstant(), claims, now);
    return untimely != null ? untimely : caller(claims, expires.toInstant());
  }

  private @Nullable Refused untimely(
      Instant issued, Instant expires, JWTClaimsSet claims, Instant now) {
    Duration life = Duration.between(issued, expires);
    if (life.compareTo(settings.tokenLifetimeMax()) > 0) {
      return malformed(
          "it lives " + life + ", longer than the " + settings.tokenLifetimeMax() + " allowed");
    }
    if (!now.isBefore(expires.plus(settings.clockSkew()))) {
      return new Refused(Cause.EXPIRED, "the token has expired" + NEW_ONE);
    }
    Date notBefore = claims.getNotBeforeTime();
    Instant latestStart = now.plus(settings.clockSkew());
    if (issued.isAfter(latestStart)
        || (notBefore != null && notBefore.toInstant().isAfter(latestStart))) {
      return new Refused(
          Cause.NOT_YET_VALID,
          "the token is not valid yet: try again later, or check the clocks of both machines");
    }
    return null;
  }

  private Verification caller(JWTClaimsSet claims, Instant expires) {
    try {
      String name = claims.getSubject();
      String ceilingName = claims.getStringClaim("ceiling");
      List<String> roleNames = claims.getStringListClaim("roles");
      List<String> studies = claims.getStringListClaim("studies");
      if (name == null || ceilingName == null || roleNames == null || studies == null) {
        return malformed("one of sub, ceiling, roles, studies is missing");
      }
      if (studies.stream().anyMatch(Objects::isNull)) {
        return malformed("one of its studies is null");
      }
      Criticality ceiling = criticality(ceilingName);
      if (ceiling == null) {
        return malformed("its ceiling is not known");
      }
      Set<Role> roles = EnumSet.noneOf(Role.class);
      for (String roleName : roleNames) {
        Role role = Role.ofWire(roleName).orElse(null);
        if (role == null) {
          return malformed("one of its roles is not known");
        }
        roles.add(role);
      }
      return new Verified(new Caller(name, ceiling, Set.copyOf(studies), roles, expires));
    } catch (ParseException e) {
      return malformed("ceiling is not a string, or roles or studies is not a list of strings");
    } catch (IllegalArgumentException e) {
      return malformed("its caller's name or a study breaks the rules for names");
    }
  }

  private static @Nullable Criticality criticality(String name) {
    for (Criticality criticality : Criticality.values()) {
      if (criticality.name().equals(name)) {
        return criticality;
      }
    }
    return null;
  }

  private static Refused malformed(String why) {
    return new Refused(Cause.MALFORMED, "the token cannot be used, " + why + NEW_ONE);
  }
}
