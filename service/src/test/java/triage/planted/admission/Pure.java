package triage.planted.admission;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// Breaks no rule: values, collections and lambdas are what a pure room is made of.
public final class Pure {
  private final Deque<int[]> queue = new ArrayDeque<>();

  /// A state.
  public enum State {
    /// On.
    ON,
    /// Off.
    OFF
  }

  /// A value.
  public record Pair(String name, long[] value, State state) {}

  /// Gives nothing of note.
  public LongSupplier wait(Pair pair) {
    int[] copy = new int[2];
    System.arraycopy(copy, 0, copy, 0, 1);
    queue.add(copy);
    return switch (pair.state()) {
      case ON -> () -> TimeUnit.SECONDS.toNanos(pair.value().length) + queue.size();
      case OFF -> throw new IllegalArgumentException("state: " + pair + " (expected: ON)");
    };
  }
}
