package triage.perf;

import com.alibaba.csp.sentinel.Entry;
import com.alibaba.csp.sentinel.SphU;
import com.alibaba.csp.sentinel.slots.block.BlockException;
import com.alibaba.csp.sentinel.slots.block.RuleConstant;
import com.alibaba.csp.sentinel.slots.block.flow.FlowRule;
import com.alibaba.csp.sentinel.slots.block.flow.FlowRuleManager;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// What Sentinel's entry and exit cost, with a flow rule that limits how many are inside: the
/// grade that is closest to a gate's limit, and the cheaper of the two.
///
/// Where it writes its logs is the driver's to say, in system properties.
///
/// **Units**: nanoseconds per entry and exit, or per blocked entry.
///
/// **Threads**: all threads enter the same resources.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SentinelBenchmark {
  private static final String OPEN = "open";
  private static final String FULL = "full";

  /// Makes one resource with room and one without.
  @Setup
  public void fill() {
    FlowRuleManager.loadRules(List.of(rule(OPEN, 64), rule(FULL, 0)));
  }

  /// Enters and exits.
  @Benchmark
  public Entry enterAndExit() throws BlockException {
    Entry entry = SphU.entry(OPEN);
    entry.exit();
    return entry;
  }

  /// Is blocked for lack of room.
  @Benchmark
  public Object refuse() {
    try {
      return SphU.entry(FULL);
    } catch (BlockException blocked) {
      return blocked;
    }
  }

  private static FlowRule rule(String resource, int inFlightMax) {
    FlowRule rule = new FlowRule(resource);
    rule.setGrade(RuleConstant.FLOW_GRADE_THREAD);
    rule.setCount(inFlightMax);
    return rule;
  }
}
