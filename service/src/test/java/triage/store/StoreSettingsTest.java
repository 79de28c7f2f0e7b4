package triage.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class StoreSettingsTest {
  private final ObjectMapper json = new ObjectMapper().registerModule(new JavaTimeModule());

  @Test
  void anEmptyFileGivesTheDefaults() throws Exception {
    assertThat(json.readValue("{}", StoreSettings.class)).isEqualTo(StoreSettings.defaults());
    assertThat(StoreSettings.defaults().embedded()).isTrue();
  }

  @Test
  void readsWhatAFileSays() throws Exception {
    StoreSettings read =
        json.readValue(
            """
            {"url": "jdbc:postgresql://db:5432/triage", "user": "triage",
             "passwordFile": "/run/secrets/db", "connections": 8, "waitTimeout": "PT2S"}
            """,
            StoreSettings.class);
    assertThat(read.embedded()).isFalse();
    assertThat(read.passwordFile()).isEqualTo(Path.of("/run/secrets/db"));
    assertThat(read.connections()).isEqualTo(8);
    assertThat(read.waitTimeout()).isEqualTo(Duration.ofSeconds(2));
    assertThat(read.answerTimeout()).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void refusesAPasswordInTheAddressAndDoesNotRepeatIt() {
    for (String url :
        new String[] {
          "jdbc:postgresql://db/x?user=a&password=hush", "jdbc:postgresql://a:hush@db/x"
        }) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> external(url, "a"))
          .withMessageStartingWith("url: ")
          .withMessageNotContaining("hush");
    }
  }

  @Test
  void refusesWhatDoesNotGoTogether() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> external("jdbc:mysql://db/x", "a"))
        .withMessageContaining("jdbc:postgresql://");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> external("jdbc:postgresql://db/x", null))
        .withMessage("user: missing (expected: a role, since url is set)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> external(null, "a"))
        .withMessageStartingWith("url: missing");
  }

  @Test
  void refusesNumbersOutOfRange() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> json("connections", "0"))
        .withMessage("connections: 0 (expected: 1 to 1000)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> json("port", "65536"))
        .withMessage("port: 65536 (expected: 0 to 65535)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> json("waitTimeout", "\"PT0S\""))
        .withMessage("waitTimeout: PT0S (expected: PT0.1S to PT5M)");
  }

  private void json(String key, String value) throws Exception {
    try {
      json.readValue("{\"" + key + "\": " + value + "}", StoreSettings.class);
    } catch (com.fasterxml.jackson.databind.exc.ValueInstantiationException e) {
      throw (Exception) e.getCause();
    }
  }

  private static StoreSettings external(String url, String user) {
    StoreSettings d = StoreSettings.defaults();
    return new StoreSettings(
        url,
        user,
        null,
        null,
        d.port(),
        d.connections(),
        d.startTimeout(),
        d.connectTimeout(),
        d.waitTimeout(),
        d.answerTimeout());
  }
}
