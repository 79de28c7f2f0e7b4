package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import triage.admission.Criticality;
import triage.store.Store;
import triage.store.StoreFixture;

/// Claims take turns between callers, however much one of them has waiting, and whoever came first.
class FairClaimIT {
  private static final UUID OWNER = new UUID(9, 9);
  private static final String WAITING =
      """
      INSERT INTO jobs (id, caller, model, model_version, criticality, body_sha256, input, state,
        created_at)
      SELECT ('%s-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '%s', 'm', '1', 1, '', '',
        'waiting', now()
      FROM generate_series(1, %d) n\
      """;

  private StoreFixture fixture;
  private Store store;

  @BeforeEach
  void open() {
    fixture = StoreFixture.prepared();
    store = fixture.open();
    store
        .jdbi()
        .useHandle(handle -> {
          handle.execute(WAITING.formatted("00000001", "a-lot", 1_000));
          handle.execute(WAITING.formatted("00000002", "few", 2));
        });
  }

  @AfterEach
  void close() {
    store.close();
    fixture.close();
  }

  @ParameterizedTest(name = "{0} at a time: both within {1} claims")
  @CsvSource({"4, 1", "2, 2", "1, 4"})
  void givesWhoHasFewItsTurn(int room, int claims) {
    JobDao jobs = new JobDao(store.jdbi());
    List<String> callers = new ArrayList<>();
    for (int i = 0; i < claims; i++) {
      jobs.claim("m", "1", Criticality.values()[1], room, OWNER, Duration.ofHours(1))
          .claims()
          .forEach(claim -> callers.add(claim.caller()));
    }

    assertThat(callers).hasSize(4);
    assertThat(callers).filteredOn("few"::equals).hasSize(2);
  }
}
