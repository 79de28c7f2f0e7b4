package triage.backend;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/// A socket that is not read where nothing has come: a read that leaves room has taken all there
/// was, and Jetty would try again, most often twice, before it waits. Each try is a call of the
/// kernel; of a refused request they were two in five.
///
/// Who is told that there is nothing asks the selector to be told of more, and that looks for what
/// is there and not for what is new: what has come in between is not missed.
///
/// **Threads**: as all of Jetty's; one reads at a time.
public class HttpEndPoint extends SocketChannelEndPoint {
  private final boolean ofModelServer;

  /// Whether the last read took all there was.
  private volatile boolean drained;

  /// Whether nothing is read until the selector has told of more.
  private volatile boolean dry;

  private volatile @Nullable Thread selecting;

  private HttpEndPoint(
      SocketChannel channel,
      ManagedSelector selector,
      SelectionKey key,
      Scheduler scheduler,
      boolean ofModelServer) {
    super(channel, selector, key, scheduler);
    this.ofModelServer = ofModelServer;
  }

  /// Makes the socket of a caller, which may be read again at once until [#rest] is called: who
  /// reads a body on another thread than the one that selects would have that woken each time.
  public HttpEndPoint(
      SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler) {
    this(channel, selector, key, scheduler, false);
  }

  /// Makes the socket of a model server, which most often the thread that selects reads.
  static HttpEndPoint ofModelServer(
      SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler) {
    return new HttpEndPoint(channel, selector, key, scheduler, true);
  }

  /// Says that all that was sent has most likely been read: a request is over.
  public final void rest() {
    dry = drained;
  }

  @Override
  public Runnable onSelected() {
    dry = false;
    selecting = Thread.currentThread();
    return super.onSelected();
  }

  @Override
  public int fill(ByteBuffer buffer) throws IOException {
    if (dry && !isInputShutdown()) {
      return 0;
    }
    int filled = super.fill(buffer);
    drained = filled >= 0 && buffer.limit() < buffer.capacity();
    dry = ofModelServer && drained && Thread.currentThread().equals(selecting);
    return filled;
  }
}
