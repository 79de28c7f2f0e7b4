package triage.gateway;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.RetainableByteBuffer;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Blocker;
import org.jspecify.annotations.Nullable;
import triage.admission.Reason;

/// A request's body: its first part in memory, the rest still to come.
///
/// The first part is read before the gate is asked, so that a slow caller holds no permit while it
/// sends a small body. A larger rest streams through without being kept.
///
/// The memory of a first part that is only to be relayed may be on loan from the connector's pool:
/// then it must be given back once nobody asks for it any more ([#giveBack]). What Jetty is sending
/// of it keeps it until it is sent.
///
/// **Threads**: confined to the request's own until [#rest(CallerWait)] is handed on; then to its
/// reader.
final class Body {
  /// How much is read before the gate is asked.
  static final int FIRST_BYTES_MAX = 256 << 10;

  /// A smaller part is cheaper to make anew.
  private static final int LOAN_BYTES_MIN = 8 << 10;

  private final Request request;
  private long bytesMax;
  private final MessageDigest digest = Sha256.begin();
  private byte[] first = new byte[0];
  private int firstSize;
  private long size;
  private volatile boolean whole;
  private volatile @Nullable Refusal refusal;
  private volatile @Nullable CallerWatch watch;

  /// Whether [#first] is on loan, or was.
  private boolean lent;

  @GuardedBy("this")
  private @Nullable RetainableByteBuffer loan;

  private Body(Request request, long bytesMax) {
    this.request = request;
    this.bytesMax = bytesMax;
  }

  /// Reads the first part of a body, or all of a small one.
  ///
  /// @throws RefusedException 413 if it is longer than `bytesMax`, 408 if it stops coming
  static Body read(Request request, long bytesMax) throws RefusedException {
    Body body = opened(request, bytesMax);
    if (request.getLength() > 0) {
      body.first = new byte[(int) Math.min(request.getLength(), FIRST_BYTES_MAX)];
    }
    body.readFirst();
    return body;
  }

  /// Does the same into memory that may be on loan, and must be given back.
  ///
  /// @throws RefusedException as [#read] does; then there is nothing to give back
  static Body readToRelay(Request request, long bytesMax) throws RefusedException {
    int size = (int) Math.min(request.getLength(), FIRST_BYTES_MAX);
    if (size < LOAN_BYTES_MIN) {
      return read(request, bytesMax);
    }
    Body body = opened(request, bytesMax);
    boolean read = false;
    try {
      body.borrow(size);
      body.readFirst();
      read = true;
    } finally {
      if (!read) {
        body.giveBack();
      }
    }
    return body;
  }

  private static Body opened(Request request, long bytesMax) throws RefusedException {
    if (request.getLength() > bytesMax) {
      throw tooLarge(bytesMax);
    }
    return new Body(request, bytesMax);
  }

  /// Takes memory on loan, at most a quarter more than is needed: in few sizes, four from each
  /// power of two to the next, so that it finds other takers.
  private synchronized void borrow(int bytes) {
    int step = Integer.highestOneBit(bytes - 1) / 4;
    int size = Math.ceilDiv(bytes, step) * step;
    RetainableByteBuffer taken = request.getComponents().getByteBufferPool().acquire(size, false);
    loan = taken;
    lent = true;
    first = taken.getByteBuffer().array();
  }

  /// Ends the use of what is on loan, if anything is: no backend is sent it any more.
  void giveBack() {
    RetainableByteBuffer given;
    synchronized (this) {
      given = loan;
      loan = null;
    }
    if (given != null) {
      given.release();
    }
  }

  private void readFirst() throws RefusedException {
    try {
      while (!whole && firstSize < FIRST_BYTES_MAX) {
        readOn();
      }
    } catch (IOException e) {
      throw new RefusedException(brokenOff(e.getCause()));
    }
  }

  private void readOn() throws IOException, RefusedException {
    Content.Chunk chunk = request.read();
    if (chunk == null) {
      try (Blocker.Runnable arrival = Blocker.runnable()) {
        request.demand(arrival);
        arrival.block();
      }
      return;
    }
    if (Content.Chunk.isFailure(chunk)) {
      throw new IOException("the body broke off", chunk.getFailure());
    }
    try {
      if (isTooLarge(chunk)) {
        throw tooLarge(bytesMax);
      }
      keep(chunk.getByteBuffer());
      seen(chunk);
    } finally {
      chunk.release();
    }
  }

  /// Notes that a chunk has been read, which may be the last.
  private void seen(Content.Chunk chunk) {
    whole = chunk.isLast();
    CallerWatch waiting = watch;
    if (whole && waiting != null) {
      waiting.bodyRead(request);
    }
  }

  private boolean isTooLarge(Content.Chunk chunk) {
    size += chunk.remaining();
    return size > bytesMax;
  }

  private void keep(ByteBuffer bytes) {
    int length = bytes.remaining();
    if (firstSize + length > first.length) {
      int grown = Math.min(2 * first.length, FIRST_BYTES_MAX);
      first = Arrays.copyOf(first, Math.max(firstSize + length, grown));
      giveBack();
      lent = false;
    }
    bytes.get(first, firstSize, length);
    digest.update(first, firstSize, length);
    firstSize += length;
  }

  /// Bounds the rest of a body whose first part was read under a wider bound.
  ///
  /// @throws RefusedException 413 if it is known to be longer than `most`
  void limit(long most) throws RefusedException {
    bytesMax = most;
    if (request.getLength() > most || size > most) {
      throw tooLarge(most);
    }
  }

  /// Watches the caller from now on: all of it once the body has been read to its end, whoever does
  /// that. Ends by itself where a backend is to have no more of the body, which fails the request.
  ///
  /// @param onGone runs once at most; must not block
  CallerWatch watch(Runnable onGone) {
    if (whole) {
      return CallerWatch.of(request, onGone);
    }
    CallerWatch opened = CallerWatch.ahead(request, onGone);
    watch = opened;
    return opened;
  }

  /// Gives what has been read so far, as a view.
  ByteBuffer begun() {
    return ByteBuffer.wrap(first, 0, firstSize);
  }

  /// Tells whether all of the body has been read.
  boolean isWhole() {
    return whole;
  }

  /// Gives all bytes of the body, reading on where needed.
  ///
  /// @throws RefusedException 413 if it is longer than allowed, 408 if it stops coming
  byte[] bytes() throws RefusedException {
    try {
      while (!whole) {
        readOn();
      }
    } catch (IOException e) {
      throw new RefusedException(brokenOff(e.getCause()));
    }
    return firstSize == first.length && !lent ? first : Arrays.copyOf(first, firstSize);
  }

  /// Gives what was wrong with the rest of the body, or `null` if nothing was.
  @Nullable Refusal refusal() {
    return refusal;
  }

  /// Gives how many bytes have been seen so far.
  long size() {
    return size;
  }

  /// Gives the SHA-256 of the bytes seen so far, in hex. To be asked once, when all is over.
  String digestHex() {
    return HexFormat.of().formatHex(digest.digest());
  }

  /// Gives the body as the content of a request to a backend: the first part, then the rest as it
  /// comes. Nothing is copied but the first part.
  ///
  /// @param callerWait is told when the caller is waited for
  org.eclipse.jetty.client.Request.Content rest(CallerWait callerWait) {
    return new Relayed(callerWait);
  }

  private Content.Chunk firstChunk() {
    ByteBuffer bytes = ByteBuffer.wrap(first, 0, firstSize);
    if (!lent) {
      return Content.Chunk.from(bytes, whole);
    }
    RetainableByteBuffer from;
    synchronized (this) {
      from = loan;
      if (from == null) {
        // It may be another request's by now.
        return Content.Chunk.from(new IOException("the exchange is over"), true);
      }
      from.retain();
    }
    return Content.Chunk.asChunk(bytes, whole, from);
  }

  /// Notes that the request's deadline has passed while the rest was still to come, and gives what
  /// its caller is told.
  Refusal expired() {
    Refusal late =
        new Refusal(
            504,
            Reason.DEADLINE_EXCEEDED.wire(),
            0,
            "the deadline passed before the body had come whole; send it faster, or allow more time"
                + " in Request-Timeout");
    refusal = late;
    return late;
  }

  private static Refusal brokenOff(@Nullable Throwable cause) {
    if (cause instanceof CallerFaultException fault) {
      return new Refusal(fault.getCode(), null, 0, fault.getReason());
    }
    return new Refusal(408, null, 0, "the body did not arrive whole; send it again");
  }

  private static RefusedException tooLarge(long bytesMax) {
    return new RefusedException(
        new Refusal(
            413,
            null,
            0,
            "the body is larger than " + bytesMax + " bytes; send fewer rows at a time"));
  }

  /// Gives the SHA-256 of bytes, in hex.
  static String sha256Hex(byte[] bytes) {
    return HexFormat.of().formatHex(Sha256.of(bytes));
  }

  /// The content of the request to the backend.
  private final class Relayed implements org.eclipse.jetty.client.Request.Content {
    private final CallerWait callerWait;
    private boolean firstGiven;
    private volatile boolean givenUp;

    private Relayed(CallerWait callerWait) {
      this.callerWait = callerWait;
    }

    @Override
    public long getLength() {
      return whole ? firstSize : request.getLength();
    }

    @Override
    public @Nullable String getContentType() {
      return null;
    }

    @Override
    public Content.@Nullable Chunk read() {
      if (!firstGiven) {
        firstGiven = true;
        return firstChunk();
      }
      if (whole) {
        return Content.Chunk.EOF;
      }
      Content.Chunk chunk = request.read();
      if (chunk == null) {
        return null;
      }
      if (Content.Chunk.isFailure(chunk)) {
        if (!givenUp) {
          refusal = brokenOff(chunk.getFailure());
        }
        return chunk;
      }
      if (isTooLarge(chunk)) {
        chunk.release();
        RefusedException fault = tooLarge(bytesMax);
        refusal = fault.refusal();
        return Content.Chunk.from(fault, true);
      }
      digest.update(chunk.getByteBuffer().slice());
      seen(chunk);
      return chunk;
    }

    @Override
    public void demand(Runnable demandCallback) {
      if (!firstGiven || whole) {
        demandCallback.run();
      } else {
        callerWait.waits();
        request.demand(() -> {
          callerWait.goesOn();
          demandCallback.run();
        });
      }
    }

    /// The request to the backend is given up, say at its deadline: that its body breaks off is
    /// nothing that the caller did.
    @Override
    public void fail(Throwable failure) {
      givenUp = true;
      if (!whole) {
        CallerWatch waiting = watch;
        if (waiting != null) {
          var _ = waiting.close();
        }
        request.fail(failure);
      }
    }
  }
}
