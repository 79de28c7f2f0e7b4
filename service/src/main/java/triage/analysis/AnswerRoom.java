package triage.analysis;

import triage.gateway.NativeCall;
import triage.gateway.Refusal;
import triage.gateway.RefusedException;
import triage.gateway.SharedRoom;

/// Room for the large answers that are on their way. Each is whole in memory until its caller has
/// read it, and callers read slowly: hundreds that wait for jobs with results of megabytes would
/// fill the heap.
///
/// **Threads**: safe for use by several threads.
final class AnswerRoom {
  /// Up to which size an answer needs no room.
  static final int SMALL_BYTES = 64 << 10;

  /// The least there is, so that a caller's share holds the largest result.
  private static final long LEAST_BYTES = 96L << 20;

  private static final int SHARE_OF_HEAP = 8;
  private static final long RETRY_NANOS = 1_000_000_000L;

  private final SharedRoom room;

  AnswerRoom(long bytesMax) {
    this.room = SharedRoom.ofBytes(bytesMax);
  }

  /// Makes one of an eighth of the heap.
  static AnswerRoom ofHeap() {
    return new AnswerRoom(Math.max(LEAST_BYTES, Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP));
  }

  /// Takes room, until the request is over, for an answer that can be had again.
  ///
  /// @throws RefusedException 429 if its caller has as much on the way as it may; 503 if all have
  void take(NativeCall call, int length) throws RefusedException {
    switch (taken(call, length)) {
      case TAKEN -> {}
      case OWN_SHARE_TAKEN ->
          throw new RefusedException(
              new Refusal(
                  429,
                  "quota",
                  RETRY_NANOS,
                  "too many large answers are on their way to you; read them, and ask again after"
                      + " Retry-After"));
      case FULL ->
          throw new RefusedException(
              new Refusal(
                  503,
                  "shed-pressure",
                  RETRY_NANOS,
                  "too many large answers are on their way from this instance; ask again after"
                      + " Retry-After"));
    }
  }

  /// Takes room, until the request is over, for an answer in whose place its caller can be told
  /// that it is accepted, or says false.
  boolean isTaken(NativeCall call, int length) {
    return taken(call, length) == SharedRoom.Answer.TAKEN;
  }

  /// Takes room for an answer that may be lost if it is not given now: there always is.
  void add(NativeCall call, int length) {
    if (length > SMALL_BYTES) {
      long bytes = counted(length);
      String caller = call.caller().name();
      room.add(caller, bytes);
      call.whenOver(() -> room.giveBack(caller, bytes));
    }
  }

  private SharedRoom.Answer taken(NativeCall call, int length) {
    if (length <= SMALL_BYTES) {
      return SharedRoom.Answer.TAKEN;
    }
    long bytes = counted(length);
    String caller = call.caller().name();
    SharedRoom.Answer answer = room.take(caller, call.criticality(), bytes);
    if (answer == SharedRoom.Answer.TAKEN) {
      call.whenOver(() -> room.giveBack(caller, bytes));
    }
    return answer;
  }

  /// Gives what an answer counts: one that is larger than a share can be had alone.
  private long counted(int length) {
    return Math.min(length, room.perCallerMost());
  }
}
