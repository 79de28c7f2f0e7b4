package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dropwizard.jackson.Jackson;
import io.dropwizard.jetty.ConnectorFactory;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.junit.jupiter.api.Test;

class TriageConnectorFactoryTest {
  private final ObjectMapper json = Jackson.newObjectMapper();

  @Test
  void isChosenByItsTypeInTheSettings() throws Exception {
    ConnectorFactory factory =
        json.readValue("{\"type\": \"triage\", \"port\": 0}", ConnectorFactory.class);

    assertThat(factory).isInstanceOf(TriageConnectorFactory.class);
  }

  @Test
  void keepsWhatDropwizardMakesOfItsSettings() throws Exception {
    TriageConnectorFactory factory =
        json.readValue(
            "{\"type\": \"triage\", \"inputBufferSize\": \"16KiB\", \"uriCompliance\": \"UNSAFE\"}",
            TriageConnectorFactory.class);

    HttpConnectionFactory connections = factory.buildHttpConnectionFactory(new HttpConfiguration());

    assertThat(connections).isInstanceOf(HangupConnectionFactory.class);
    assertThat(connections.getInputBufferSize()).isEqualTo(16 * 1024);
    assertThat(connections.getHttpConfiguration().getUriCompliance())
        .isEqualTo(UriCompliance.UNSAFE);
  }
}
