package triage.perf.sim;

import java.util.ArrayList;
import java.util.List;
import triage.admission.Criticality;
import triage.simulation.Workload.Stream;

/// Who sends.
final class Callers {
  private static final double[] CLASS_SHARES = {0.1, 0.3, 0.4, 0.2};

  private Callers() {}

  /// Gives four classes with 10, 30, 40 and 20 % of the traffic, each from some tenants.
  static List<Stream> mixed(int tenants) {
    List<Stream> streams = new ArrayList<>();
    for (Criticality criticality : Criticality.values()) {
      for (int tenant = 0; tenant < tenants; tenant++) {
        streams.add(
            new Stream(
                "tenant-" + tenant, criticality, CLASS_SHARES[criticality.rank()] / tenants, 1));
      }
    }
    return streams;
  }

  /// Gives tenants of one class with equal shares.
  ///
  /// @param share of each of them
  static List<Stream> equal(String name, int tenants, Criticality criticality, double share) {
    List<Stream> streams = new ArrayList<>();
    for (int tenant = 0; tenant < tenants; tenant++) {
      streams.add(new Stream(name + "-" + tenant, criticality, share, 1));
    }
    return streams;
  }
}
