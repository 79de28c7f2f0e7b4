package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.eclipse.jetty.http.HttpFields;
import org.junit.jupiter.api.Test;

class RelayedHeadersTest {
  private final HttpFields.Mutable from = HttpFields.build();
  private final HttpFields.Mutable to = HttpFields.build();

  @Test
  void sendsNothingOnThatIsForThisConnectionOnly() {
    from.add("Connection", "close, X-Internal-Hop");
    from.add("Connection", "x-OTHER-hop, Upgrade, HTTP2-Settings");
    from.add("X-Internal-Hop", "1");
    from.add("X-Other-Hop", "2");
    from.add("Upgrade", "h2c");
    from.add("HTTP2-Settings", "AAMAAABk");
    from.add("X-Kept", "yes");
    RelayedHeaders.sendOn(from, to);
    assertThat(to).extracting(Object::toString).containsExactly("X-Kept: yes");
  }

  @Test
  void sendsNoSettingsOnThatAreNotNamedAsTheyShould() {
    from.add("HTTP2-Settings", "AAMAAABk");
    RelayedHeaders.sendOn(from, to);
    assertThat(to).isEmpty();
  }

  @Test
  void sendsNothingBackThatIsForThisConnectionOnly() {
    from.add("Connection", "keep-alive, X-Server-Hop");
    from.add("X-Server-Hop", "1");
    from.add("X-Kept", "yes");
    RelayedHeaders.sendBack(from, to);
    assertThat(to).extracting(Object::toString).containsExactly("X-Kept: yes");
  }

  @Test
  void letsNoModelServerSpeakForTriage() {
    from.add("Triage-Backend", "another");
    from.add("TRIAGE-REASON", "shed-priority");
    from.add("Triage-Whatever", "1");
    from.add("X-Triage", "kept");
    RelayedHeaders.sendBack(from, to);
    assertThat(to).extracting(Object::toString).containsExactly("X-Triage: kept");
  }
}
