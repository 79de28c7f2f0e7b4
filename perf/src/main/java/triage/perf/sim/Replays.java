package triage.perf.sim;

import java.nio.file.Path;
import java.util.List;

/// Recorded arrivals and their work, replayed (TRACE) on as many slots as bear half of them; and
/// the same in a tenth of the time on ten times as many.
final class Replays {
  private static final int COMPRESSION = 10;
  private static final double PATIENCE = 30;

  private Replays() {}

  static List<Scenario> all(Path folder) {
    Trace azure = Trace.read(folder.resolve("azure-llm-2023-conv.csv.gz"));
    Trace mooncake = Trace.read(folder.resolve("mooncake-conversation.csv.gz"));
    return List.of(
        replay("azure", azure),
        replay("azure in a tenth of the time", azure.compressed(COMPRESSION)),
        replay("mooncake", mooncake),
        replay("mooncake in a tenth of the time", mooncake.compressed(COMPRESSION)));
  }

  private static Scenario replay(String cell, Trace trace) {
    double service = trace.meanSeconds();
    double end = trace.endSeconds();
    double inFlight = trace.arrivalCount() * service / end;
    int capacity = (int) Math.round(inFlight / 2);
    return new Draft("TRACE", cell + String.format(" C=%d 2x", capacity), service, capacity)
        .arrivals(trace.arrivals())
        .work(trace.work())
        .patience((chance, at) -> PATIENCE)
        .measured(end / 10, end)
        .done();
  }
}
