package triage.backend;

import org.jspecify.annotations.Nullable;

/// What a thread that selects for Jetty may do in place before it looks again for what has come: a
/// few tasks, so that many that come together are shared with other processors, and none of them
/// waits for all of the others.
///
/// **Threads**: what is kept is each thread's own.
final class SelectingThread {
  /// How many tasks run in place between two looks.
  static final int IN_PLACE_MAX = 8;

  private static final ThreadLocal<@Nullable Turn> TURN = new ThreadLocal<>();

  private SelectingThread() {}

  private static final class Turn {
    private int left;
    private boolean running;
  }

  /// Notes that this thread has looked for what has come.
  static void looked() {
    Turn turn = TURN.get();
    if (turn == null) {
      turn = new Turn();
      TURN.set(turn);
    }
    turn.left = IN_PLACE_MAX;
  }

  /// Runs a task at once, if this thread selects, has some of its turn left, and is not within such
  /// a task; tells whether it has.
  static boolean run(Runnable task) {
    Turn turn = TURN.get();
    if (turn == null || turn.running || turn.left == 0) {
      return false;
    }
    turn.left--;
    turn.running = true;
    try {
      task.run();
    } finally {
      turn.running = false;
    }
    return true;
  }
}
