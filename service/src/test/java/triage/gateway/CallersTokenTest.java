package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.SplittableRandom;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.util.Attributes;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import triage.admission.Criticality;
import triage.identity.IdentitySettings;
import triage.identity.Role;
import triage.identity.TokenIssuer;
import triage.identity.TokenSecret;
import triage.identity.TokenVerifier;
import triage.time.SettableTime;

class CallersTokenTest {
  private static final Instant START = Instant.ofEpochSecond(1000);
  private static final Duration LIFE = Duration.ofMinutes(1);

  private final SettableTime time = new SettableTime(START);
  private final IdentitySettings settings = IdentitySettings.defaults();
  private final Attributes connection = new Attributes.Mapped();
  private TokenSecret secret;
  private TokenVerifier tokens;

  @BeforeEach
  void makesASecret(@TempDir Path folder) {
    secret = TokenSecret.readOrMake(folder.resolve("token.secret"));
    tokens = new TokenVerifier(secret, settings, time);
  }

  @Test
  void knowsWhoseTokenWasVerified() {
    String token = token("edc");
    assertThat(known(token, tokens)).isNull();

    tokens.verify(token);

    assertThat(known(token, tokens)).isEqualTo(caller("edc"));
  }

  /// A verifier that has been told of no token would have to look for it in vain.
  @Test
  void looksForTheTokenOfAConnectionOnce() {
    String token = token("edc");
    tokens.verify(token);
    known(token, tokens);

    TokenVerifier forgetful = new TokenVerifier(secret, settings, time);

    assertThat(known(token, forgetful)).isEqualTo(caller("edc"));
  }

  @Test
  void tellsTheCallersOfOneConnectionApart() {
    tokens.verify(token("edc"));
    tokens.verify(token("epro"));

    assertThat(known(token("edc"), tokens)).isEqualTo(caller("edc"));
    assertThat(known(token("epro"), tokens)).isEqualTo(caller("epro"));
    assertThat(known("Bearer of.no.token", tokens)).isNull();
    assertThat(known(null, tokens)).isNull();
    assertThat(known(token("edc"), tokens)).isEqualTo(caller("edc"));
  }

  @Test
  void doesNotKnowWhoseTokenHasExpired() {
    String token = token("edc");
    tokens.verify(token);
    known(token, tokens);

    time.advance(LIFE.plus(settings.clockSkew()));

    assertThat(known(token, tokens)).isNull();
  }

  @Test
  void showsNoToken() {
    String token = token("edc");
    tokens.verify(token);
    known(token, tokens);

    assertThat(connection.toString()).contains("edc").doesNotContain(token);
  }

  private triage.identity.@Nullable Caller known(@Nullable String token, TokenVerifier verifier) {
    HttpFields.Mutable headers = HttpFields.build();
    if (token != null) {
      headers.put(HttpHeader.AUTHORIZATION, token);
    }
    return CallersToken.known(headers, connection, verifier);
  }

  /// The same each time, but for a new object.
  private String token(String name) {
    TokenIssuer same = new TokenIssuer(secret, settings, time, new SplittableRandom(1));
    return "Bearer " + same.issue(caller(name));
  }

  private static triage.identity.Caller caller(String name) {
    return new triage.identity.Caller(
        name,
        Criticality.CRITICAL,
        triage.identity.Caller.ALL_STUDIES,
        Set.of(Role.REQUEST),
        START.plus(LIFE));
  }
}
