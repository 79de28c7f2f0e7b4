package triage.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;
import triage.admission.Criticality;
import triage.identity.Verification.Cause;
import triage.identity.Verification.Refused;
import triage.identity.Verification.Verified;
import triage.time.SettableTime;

class TokenVerifierTest {
  private static final Instant START = Instant.ofEpochSecond(1000);
  private static final Caller EDC =
      new Caller(
          "edc",
          Criticality.CRITICAL,
          Caller.ALL_STUDIES,
          Set.of(Role.REQUEST, Role.READ),
          Instant.ofEpochSecond(4600));

  private final SettableTime time = new SettableTime(START);
  private final TokenSecret secret = TokenSecret.of(Forge.SECRET);
  private final IdentitySettings settings = IdentitySettings.defaults();
  private final TokenVerifier verifier = new TokenVerifier(secret, settings, time);
  private final TokenIssuer issuer =
      new TokenIssuer(secret, settings, time, new SplittableRandom(1));

  @Test
  void givesTheCallerThatATokenWasIssuedFor() {
    Caller caller =
        new Caller(
            "epro-7@site.b",
            Criticality.SHEDDABLE_PLUS,
            Set.of("NCT-1", "NCT-2"),
            Set.of(Role.OPERATE),
            START.plusSeconds(60));

    assertThat(verifier.verify("Bearer " + issuer.issue(caller))).isEqualTo(new Verified(caller));
  }

  @Test
  void givesTheCallerOfATokenMadeByHand() {
    assertThat(verifier.verify(new Forge().bearer())).isEqualTo(new Verified(EDC));
    assertThat(verifier.verify(new Forge().with("aud", "[\"x\",\"triage\"]").bearer()))
        .isEqualTo(new Verified(EDC));
  }

  @ParameterizedTest
  @ValueSource(strings = {"bearer ", "BEARER ", "bEaReR   "})
  void readsTheSchemeInAnyCase(String scheme) {
    String header = scheme + Forge.token(Forge.HEADER, new Forge().payload());

    assertThat(verifier.verify(header)).isEqualTo(new Verified(EDC));
    assertThat(verifier.known(header)).isEqualTo(EDC);
    assertThat(verifier.remembered()).isEqualTo(1);
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", "  "})
  void refusesARequestWithoutToken(String header) {
    assertThat(verifier.verify(header)).isEqualTo(refused(Cause.MISSING, verifier.verify(header)));
    assertThat(verifier.known(header)).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer a",
        "Bearer .",
        "Bearer ..",
        "Bearer a.b",
        "Bearer a.b.c",
        "Bearer e30.e30.e30",
        "Bearer a.b.c, Bearer a.b.c",
        "Bearer a.b.c a.b.c",
        "Bearer a.b.c\n",
        "Bearer a.b.\u00fc",
        "Bearer\ta.b.c"
      })
  void refusesWhatIsNoToken(String header) {
    assertRefused(header, Cause.MALFORMED);
  }

  @Test
  void refusesTwoTokensInOneHeader() {
    String bearer = new Forge().bearer();

    assertRefused(bearer + ", " + bearer, Cause.MALFORMED);
    assertRefused(bearer + " " + bearer, Cause.MALFORMED);
    assertRefused(bearer + ".e30", Cause.MALFORMED);
    assertRefused(bearer.replaceFirst("[.]", ", "), Cause.MALFORMED);
    assertRefused(bearer.replaceFirst("[.]", " ."), Cause.MALFORMED);
  }

  @Test
  void refusesAHeaderBeyondTheBound() {
    String longest = "Bearer " + "a".repeat(Bearer.HEADER_LENGTH_MAX - 7);

    assertThat(Bearer.tokenStart(longest)).isEqualTo(7);
    assertThat(Bearer.tokenStart(longest + "a")).isEqualTo(-1);
    assertRefused(longest + "a", Cause.MALFORMED);
  }

  @Test
  void refusesDeeplyNestedHeaders() {
    String header = "{\"alg\":" + "[".repeat(6000);

    assertRefused("Bearer " + Forge.token(header, "{}"), Cause.MALFORMED);
  }

  @Test
  void refusesAForeignSecret() {
    byte[] other = Forge.SECRET.clone();
    other[0]++;

    assertRefused(
        "Bearer " + Forge.token(Forge.HEADER, new Forge().payload(), "HmacSHA256", other),
        Cause.FOREIGN);
  }

  @Test
  void refusesATamperedPayload() {
    String[] good = Forge.token(Forge.HEADER, new Forge().payload()).split("\\.");
    String other =
        Forge.base64(Forge.utf8(new Forge().with("ceiling", "\"CRITICAL_PLUS\"").payload()));

    assertRefused("Bearer " + good[0] + "." + other + "." + good[2], Cause.FOREIGN);
  }

  @Test
  void refusesASecondSpellingOfAGoodSignature() {
    String good = new Forge().bearer();
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char last = good.charAt(good.length() - 1);
    String other =
        good.substring(0, good.length() - 1) + alphabet.charAt(alphabet.indexOf(last) + 1);

    assertThat(verifier.verify(good)).isEqualTo(new Verified(EDC));
    assertRefused(other, Cause.MALFORMED);
    assertRefused(good + "AA", Cause.MALFORMED);
  }

  @Test
  void refusesAnUnsignedToken() {
    String payload = Forge.base64(Forge.utf8(new Forge().payload()));
    for (String algorithm : new String[] {"none", "None", "NONE"}) {
      String header = Forge.base64(Forge.utf8("{\"alg\":\"" + algorithm + "\",\"typ\":\"JWT\"}"));

      assertRefused("Bearer " + header + "." + payload + ".", Cause.UNSUPPORTED_ALGORITHM);
    }
  }

  @ParameterizedTest
  @CsvSource({"HS384,HmacSHA384", "HS512,HmacSHA512"})
  void refusesAnotherHashThoughTheSecretIsOurs(String algorithm, String mac) {
    String header = "{\"alg\":\"" + algorithm + "\",\"typ\":\"JWT\"}";

    assertRefused(
        "Bearer " + Forge.token(header, new Forge().payload(), mac, Forge.SECRET),
        Cause.UNSUPPORTED_ALGORITHM);
  }

  @Test
  void refusesATokenSignedWithAPrivateKey() throws GeneralSecurityException {
    String header = Forge.base64(Forge.utf8("{\"alg\":\"RS256\",\"typ\":\"JWT\"}"));
    String text = header + "." + Forge.base64(Forge.utf8(new Forge().payload()));
    Signature signature = Signature.getInstance("SHA256withRSA");
    KeyPairGenerator pairs = KeyPairGenerator.getInstance("RSA");
    pairs.initialize(2048);
    signature.initSign(pairs.generateKeyPair().getPrivate());
    signature.update(Forge.utf8(text));

    assertRefused(
        "Bearer " + text + "." + Forge.base64(signature.sign()), Cause.UNSUPPORTED_ALGORITHM);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}",
        "{\"typ\":\"JWT\"}",
        "{\"alg\":7,\"typ\":\"JWT\"}",
        "[]",
        ""
      })
  void refusesAHeaderThatDoesNotSayWhatItIs(String header) {
    assertRefused("Bearer " + Forge.token(header, new Forge().payload()), Cause.MALFORMED);
  }

  @Test
  void refusesExtensionsItDoesNotKnow() {
    String header = "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"crit\":[\"exp\"],\"exp\":1}";

    assertThat(verifier.verify("Bearer " + Forge.token(header, new Forge().payload())))
        .isInstanceOf(Refused.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"sub", "iat", "exp", "ceiling", "roles", "studies"})
  void refusesATokenWithoutARequiredClaim(String claim) {
    assertRefused(new Forge().without(claim).bearer(), Cause.MALFORMED);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ceiling|\"HIGHEST\"",
        "ceiling|\"critical\"",
        "ceiling|7",
        "ceiling|null",
        "roles|[\"admin\"]",
        "roles|[\"REQUEST\"]",
        "roles|\"request\"",
        "roles|[7]",
        "roles|[null]",
        "studies|\"*\"",
        "studies|[\"*\",\"NCT-1\"]",
        "studies|[\"a b\"]",
        "studies|[\"\"]",
        "studies|{}",
        "studies|[null]",
        "studies|[[]]",
        "sub|\"\"",
        "sub|\"a b\"",
        "sub|\"a\\nb\"",
        "sub|\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
        "exp|\"soon\"",
        "exp|1e400",
        "iat|true"
      })
  void refusesAClaimThatBreaksTheRules(String claim, String json) {
    assertRefused(new Forge().with(claim, json).bearer(), Cause.MALFORMED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"iss", "aud"})
  void refusesTokensOfAndForOthers(String claim) {
    assertRefused(new Forge().with(claim, "\"elsewhere\"").bearer(), Cause.FOREIGN);
    assertRefused(new Forge().with(claim, "\"Triage\"").bearer(), Cause.FOREIGN);
    assertRefused(new Forge().without(claim).bearer(), Cause.FOREIGN);
  }

  @Test
  void refusesATokenThatLivesTooLong() {
    long days30 = Duration.ofDays(30).toSeconds();

    assertThat(verifier.verify(new Forge().with("exp", "" + (1000 + days30)).bearer()))
        .isInstanceOf(Verified.class);
    assertRefused(new Forge().with("exp", "" + (1001 + days30)).bearer(), Cause.MALFORMED);
    assertRefused(new Forge().with("exp", "99999999999999999").bearer(), Cause.MALFORMED);
  }

  @Test
  void refusesAnExpiredTokenOnceTheSkewIsOver() {
    time.advance(Duration.ofSeconds(3600 + 29));
    assertThat(verifier.verify(new Forge().bearer())).isEqualTo(new Verified(EDC));
    time.advance(Duration.ofSeconds(1));
    assertRefused(new Forge().with("jti", "\"2\"").bearer(), Cause.EXPIRED);
  }

  @Test
  void refusesARememberedTokenOnceItHasExpired() {
    String bearer = new Forge().bearer();
    verifier.verify(bearer);
    time.advance(Duration.ofSeconds(3600).plusMillis(29_999));
    assertThat(verifier.verify(bearer)).isEqualTo(new Verified(EDC));
    assertThat(verifier.known(bearer)).isEqualTo(EDC);

    time.advance(Duration.ofMillis(1));

    assertThat(verifier.known(bearer)).isNull();
    assertThat(verifier.remembered()).isZero();
    assertRefused(bearer, Cause.EXPIRED);
  }

  @Test
  void refusesATokenBeforeItsTime() {
    assertThat(verifier.verify(new Forge().with("iat", "1030").bearer()))
        .isInstanceOf(Verified.class);
    assertRefused(new Forge().with("iat", "1031").bearer(), Cause.NOT_YET_VALID);
    assertRefused(new Forge().with("nbf", "1031").bearer(), Cause.NOT_YET_VALID);
  }

  @Test
  void knowsOnlyWhatItHasVerified() {
    String bearer = new Forge().bearer();

    assertThat(verifier.known(bearer)).isNull();
    verifier.verify(bearer);
    assertThat(verifier.known(bearer)).isEqualTo(EDC);
    assertThat(verifier.known(bearer + "x")).isNull();
    assertThat(verifier.known("Basic dXNlcjpwYXNz")).isNull();
  }

  @Test
  void remembersNoMoreTokensThanItMay() {
    TokenVerifier small =
        new TokenVerifier(secret, IdentitySettings.of(null, null, null, null, 10, null), time);
    IntStream.range(0, 1000)
        .forEach(i -> small.verify(new Forge().with("jti", "\"" + i + "\"").bearer()));

    assertThat(small.remembered()).isEqualTo(10);
  }

  @Test
  void remembersNoRefusal() {
    assertRefused(new Forge().with("iss", "\"elsewhere\"").bearer(), Cause.FOREIGN);

    assertThat(verifier.remembered()).isZero();
  }

  @Test
  void issuesNoTokenThatWouldBeRefused() {
    assertIssueRefused(START, "ttl: PT0S (expected: PT1S to PT720H)");
    assertIssueRefused(START.minusSeconds(1), "ttl: PT-1S (expected: PT1S to PT720H)");
    assertIssueRefused(
        START.plus(Duration.ofDays(30)).plusSeconds(1), "ttl: PT720H1S (expected: PT1S to PT720H)");
  }

  private void assertIssueRefused(Instant expiry, String message) {
    Caller caller = new Caller("edc", Criticality.CRITICAL, Set.of(), Set.of(), expiry);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> issuer.issue(caller))
        .withMessage(message);
  }

  @Test
  void issuesEveryTokenUnderItsOwnId() {
    assertThat(issuer.issue(EDC)).isNotEqualTo(issuer.issue(EDC));
  }

  private void assertRefused(String header, Cause cause) {
    Verification outcome = verifier.verify(header);

    assertThat(outcome).isEqualTo(refused(cause, outcome));
    assertThat(((Refused) outcome).detail())
        .hasSizeBetween(20, 200)
        .matches("[\\x20-\\x7e]*(ask the operator|send|try again)[\\x20-\\x7e]*")
        .doesNotContain("edc", "elsewhere", "HIGHEST", "Exception");
  }

  private static Refused refused(Cause cause, Verification outcome) {
    return new Refused(cause, outcome instanceof Refused refused ? refused.detail() : "");
  }
}
