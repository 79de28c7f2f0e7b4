package triage.admission;

/// Whether times that rise as a limit grows for the first time are those of heavier work, and not
/// of waiting: as long as what is known without waiting rests on few requests, the next may well be
/// others.
///
/// Requests that end have then overtaken as large a share of those beside them as before
/// ([Overtaking]); behind a queue they would have overtaken less. That is assumed until the next
/// round, which is to show the same times with more in flight: where a server shares its speed
/// among all, overtaking says nothing, and the times rise on.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class HeavierWork {
  /// On how many requests at most the reference rests while it is doubted, and how often.
  private static final int FEW = 14;

  private static final int TIMES_MAX = 3;

  /// How many must have been beside those that ended, before and in the round in question.
  private static final double BESIDE_MIN = 3;

  private static final double BESIDE_NOW_MIN = 6;

  /// The share that is overtaken without waiting, below which work is too even to go by.
  private static final double SHARE_MIN = 0.15;

  /// How much of it must be overtaken still.
  private static final double ALIKE = 0.6;

  /// The rise of the time held with what is in flight, both as logarithms, that refutes it; and the
  /// least step that shows.
  private static final double REFUTING = 0.8;

  private static final double STEP_MIN = 0.2;

  private double overtaken;
  private double beside;
  private int learnt;
  private int times;

  /// Learns from a round without waiting.
  void learn(Phase free) {
    overtaken += free.overtaken();
    beside += free.beside();
    learnt += free.sampled();
  }

  /// Tells whether a round whose times have risen is one of heavier work.
  boolean isLikely(Phase now) {
    return learnt <= FEW
        && times < TIMES_MAX
        && beside >= BESIDE_MIN
        && now.beside() >= BESIDE_NOW_MIN
        && overtaken >= SHARE_MIN * beside
        && now.overtaken() * beside >= ALIKE * overtaken * now.beside();
  }

  /// Notes that it is assumed.
  void assume() {
    times++;
  }

  /// Tells whether the round after such a one refutes it.
  ///
  /// @param step by how much more was in flight, as a logarithm
  /// @param rise by how much longer permits were held, as a logarithm
  static boolean isRefuted(double step, double rise) {
    return step > STEP_MIN && rise >= REFUTING * step;
  }
}
