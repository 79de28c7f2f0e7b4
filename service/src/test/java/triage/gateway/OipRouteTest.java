package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class OipRouteTest {
  @Test
  void knowsThePathsOfTheProtocol() {
    assertThat(OipRoute.of("/v2")).isEqualTo(new OipRoute.ServerMetadata());
    assertThat(OipRoute.of("/v2/")).isEqualTo(new OipRoute.ServerMetadata());
    assertThat(OipRoute.of("/v2/health/live")).isEqualTo(new OipRoute.ServerLive());
    assertThat(OipRoute.of("/v2/health/ready")).isEqualTo(new OipRoute.ServerReady());
    assertThat(OipRoute.of("/v2/models/m")).isEqualTo(new OipRoute.Metadata("m", null));
    assertThat(OipRoute.of("/v2/models/m/ready")).isEqualTo(new OipRoute.Ready("m", null));
    assertThat(OipRoute.of("/v2/models/m/infer")).isEqualTo(new OipRoute.Infer("m", null));
    assertThat(OipRoute.of("/v2/models/m/versions/2")).isEqualTo(new OipRoute.Metadata("m", "2"));
    assertThat(OipRoute.of("/v2/models/m/versions/2/ready"))
        .isEqualTo(new OipRoute.Ready("m", "2"));
    assertThat(OipRoute.of("/v2/models/m/versions/2/infer"))
        .isEqualTo(new OipRoute.Infer("m", "2"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v2/health",
        "/v2/health/",
        "/v2/health/live/x",
        "/v2/models",
        "/v2/models/",
        "/v2/models//infer",
        "/v2/models/m/",
        "/v2/models/m/infer/",
        "/v2/models/m/versions",
        "/v2/models/m/versions/1/infer/x",
        "/v2/models/m/delete",
        "/v2/repository/index",
      })
  void knowsNoOther(String path) {
    assertThat(OipRoute.of(path)).isEqualTo(new OipRoute.Unknown());
  }
}
