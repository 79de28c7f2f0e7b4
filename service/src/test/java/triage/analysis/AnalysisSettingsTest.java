package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AnalysisSettingsTest {
  private static final Duration HOUR = Duration.ofHours(1);

  @Test
  void keepsAJobAsLongAsItsKeyStands() {
    assertThat(of(HOUR, HOUR, Map.of("S-1", HOUR)).keepFor()).isEqualTo(HOUR);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> of(HOUR.plusSeconds(1), HOUR, Map.of()))
        .withMessageContaining("keepFor: PT1H (expected: at least keyFor");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> of(HOUR, HOUR, Map.of("S-1", Duration.ofMinutes(59))))
        .withMessageContaining("studyKeepFor.S-1: PT59M (expected: at least keyFor");
  }

  @Test
  void boundsWhatAStudyMayHave() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bounded(Map.of("S-1", (1L << 20) - 1)))
        .withMessageContaining("studyBytesMax.S-1: 1048575 (expected: 1MiB to");
    assertThat(bounded(Map.of("S-1", 1L << 20)).studyBytesMax()).containsEntry("S-1", 1L << 20);
  }

  private static AnalysisSettings bounded(Map<String, Long> studyBytesMax) {
    return of(null, studyBytesMax, null, null);
  }

  private static AnalysisSettings of(
      Duration keyFor, Duration keepFor, Map<String, Duration> studyKeepFor) {
    return of(keyFor, null, keepFor, studyKeepFor);
  }

  private static AnalysisSettings of(
      @Nullable Duration keyFor,
      @Nullable Map<String, Long> studyBytesMax,
      @Nullable Duration keepFor,
      @Nullable Map<String, Duration> studyKeepFor) {
    return AnalysisSettings.of(
        null,
        null,
        null,
        null,
        null,
        keyFor,
        null,
        null,
        studyBytesMax,
        keepFor,
        studyKeepFor,
        null,
        null,
        null);
  }
}
