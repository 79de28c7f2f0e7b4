package triage.gateway;

import com.fasterxml.jackson.annotation.JsonTypeName;
import io.dropwizard.jetty.HttpConnectorFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;

/// Dropwizard's plain HTTP connector with connections that notice a caller that hangs up: `type:
/// triage` in the settings, with the keys of `type: http`.
@JsonTypeName("triage")
public final class TriageConnectorFactory extends HttpConnectorFactory {
  @Override
  protected HttpConnectionFactory buildHttpConnectionFactory(HttpConfiguration configuration) {
    // What Dropwizard makes of its settings, in our kind of connection.
    return new HangupConnectionFactory(
        super.buildHttpConnectionFactory(configuration).getHttpConfiguration());
  }
}
