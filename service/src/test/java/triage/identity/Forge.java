package triage.identity;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Makes tokens by hand, good and bad ones, without the code under test.
final class Forge {
  static final byte[] SECRET =
      "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
  static final String HEADER = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

  private final TreeMap<String, String> claims = new TreeMap<>();

  /// A token of caller `edc` that is good from 1000 to 4600 s after the epoch.
  Forge() {
    claims.put("iss", "\"triage\"");
    claims.put("aud", "\"triage\"");
    claims.put("sub", "\"edc\"");
    claims.put("iat", "1000");
    claims.put("exp", "4600");
    claims.put("jti", "\"1\"");
    claims.put("ceiling", "\"CRITICAL\"");
    claims.put("roles", "[\"request\",\"read\"]");
    claims.put("studies", "[\"*\"]");
  }

  /// Sets a claim, in JSON.
  Forge with(String claim, String json) {
    claims.put(claim, json);
    return this;
  }

  Forge without(String claim) {
    claims.remove(claim);
    return this;
  }

  String payload() {
    StringBuilder json = new StringBuilder("{");
    claims.forEach(
        (name, value) -> json.append('"').append(name).append("\":").append(value).append(','));
    json.setCharAt(json.length() - 1, '}');
    return json.toString();
  }

  /// Gives the header value with this token, signed as Triage would.
  String bearer() {
    return "Bearer " + token(HEADER, payload());
  }

  static String token(String header, String payload) {
    return token(header, payload, "HmacSHA256", SECRET);
  }

  static String token(String header, String payload, String algorithm, byte[] secret) {
    String signedText = base64(utf8(header)) + "." + base64(utf8(payload));
    try {
      Mac mac = Mac.getInstance(algorithm);
      mac.init(new SecretKeySpec(secret, algorithm));
      return signedText + "." + base64(mac.doFinal(utf8(signedText)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
