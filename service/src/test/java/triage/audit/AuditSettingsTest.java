package triage.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class AuditSettingsTest {
  private final ObjectMapper json = new ObjectMapper();

  @Test
  void anEmptyFileGivesTheDefaults() throws Exception {
    assertThat(json.readValue("{}", AuditSettings.class)).isEqualTo(AuditSettings.defaults());
    assertThat(AuditSettings.defaults().onFull()).isEqualTo(AuditSettings.OnFull.REFUSE);
  }

  @Test
  void cannotBeSwitchedOff() {
    assertThatThrownBy(() -> json.readValue("{\"bufferRows\": 0}", AuditSettings.class))
        .hasMessageContaining("bufferRows: 0 (expected: 1 to 10000000)");
    assertThatThrownBy(() -> json.readValue("{\"onFull\": \"ignore\"}", AuditSettings.class))
        .hasMessageContaining("[refuse, count]");
  }

  @Test
  void readsWhatAFileSays() throws Exception {
    assertThat(json.readValue("{\"onFull\": \"count\"}", AuditSettings.class).onFull())
        .isEqualTo(AuditSettings.OnFull.COUNT);
  }
}
