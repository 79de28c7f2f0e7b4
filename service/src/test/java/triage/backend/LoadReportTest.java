package triage.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class LoadReportTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "TEXT cpu_utilization=0.3 | 0.3",
        "TEXT mem_utilization=0.9, cpu_utilization=0.3,rps_fractional=10 | 0.3",
        "TEXT cpu_utilization=0.3,application_utilization=0.8 | 0.8",
        "TEXT cpu_utilization=0.3,named_metrics.kv_cache_utilization=0.4 | 0.4",
        "TEXT application_utilization=1.7 | 1.0",
        "TEXT cpu_utilization=0 | 0.0",
        "JSON {\"cpu_utilization\": 0.3, \"mem_utilization\": 0.8} | 0.3",
        "JSON {\"cpu_utilization\": 0.3, \"application_utilization\": 0.5} | 0.5",
        "JSON {\"named_metrics\": {\"kv_cache_utilization\": 0.25}} | 0.25",
        "JSON {\"application_utilization\": 12} | 1.0"
      })
  void readsHowMuchIsInUse(String report, double utilization) {
    assertThat(LoadReport.utilization(report)).hasValue(utilization);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "TEXT ",
        "TEXT =",
        "TEXT cpu_utilization",
        "TEXT cpu_utilization=",
        "TEXT cpu_utilization=-1",
        "TEXT cpu_utilization=NaN",
        "TEXT cpu_utilization=much",
        "TEXT mem_utilization=0.9",
        "JSON ",
        "JSON {",
        "JSON []",
        "JSON {\"cpu_utilization\": \"0.3\"}",
        "JSON {\"cpu_utilization\": -0.3}",
        "JSON {\"cpu_utilization\": NaN}",
        "BIN CAE=",
        "cpu_utilization=0.3"
      })
  void takesWhatItCannotReadForNothing(String report) {
    assertThat(LoadReport.utilization(report)).isEmpty();
  }

  @Test
  void readsNoReportOfAnyLength() {
    assertThat(LoadReport.utilization("TEXT cpu_utilization=0.3," + "x".repeat(5000))).isEmpty();
  }
}
