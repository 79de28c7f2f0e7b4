package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import triage.admission.Mode;

@Timeout(60)
class FrontDoorIT {
  private final AtomicInteger elsewhere = new AtomicInteger();

  /// Its first request is read with all others behind it, which are there already. Once one has
  /// been refused elsewhere, the rest may go on on any thread, and be counted anew there.
  @Test
  void refusesOnOtherThreadsWhoSendsRequestAfterRequestWithoutWaiting() throws Exception {
    int rounds = 3;
    int requests = rounds * (FrontDoor.IN_PLACE_MAX + 1);
    behindAClosedDoor(caller -> {
      caller.send(Caller.get("/v2/models/m").repeat(requests));
      for (int i = 0; i < requests; i++) {
        assertThat(caller.receive()).startsWith("503 ");
      }
    });
    assertThat(elsewhere.get()).isBetween(1, rounds);
  }

  @Test
  void refusesInPlaceWhoWaitsForEachAnswer() throws Exception {
    behindAClosedDoor(caller -> {
      for (int i = 0; i < 2 * FrontDoor.IN_PLACE_MAX + 2; i++) {
        caller.send(Caller.get("/v2/models/m"));
        assertThat(caller.receive()).startsWith("503 ");
      }
    });
    assertThat(elsewhere).hasValue(0);
  }

  private void behindAClosedDoor(Visit visit) throws Exception {
    Server server = new Server();
    try {
      ServerConnector connector =
          new ServerConnector(server, new HangupConnectionFactory(new HttpConfiguration()));
      connector.setName("application");
      server.addConnector(connector);
      server.setHandler(closedDoor());
      server.start();
      try (Caller caller = new Caller(connector.getLocalPort())) {
        visit.with(caller);
      }
    } finally {
      server.stop();
    }
  }

  /// Gives a door that refuses everybody, and so asks nobody who passes.
  private FrontDoor closedDoor() {
    Doorkeeper nobody = new Doorkeeper(Mode.OFF, null, null, List.of(), InstantSource.system());
    FrontDoor door =
        new FrontDoor(
            1,
            task -> {
              elsewhere.incrementAndGet();
              Thread.ofVirtual().start(task);
            },
            nobody,
            new IntakeShare(0, Set.of()),
            Pacer.idle(),
            1);
    door.drain();
    return door;
  }

  /// What a caller does.
  private interface Visit {
    void with(Caller caller) throws Exception;
  }
}
