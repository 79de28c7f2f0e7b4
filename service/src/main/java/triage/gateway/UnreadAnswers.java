package triage.gateway;

import jakarta.ws.rs.ext.WriterInterceptor;
import jakarta.ws.rs.ext.WriterInterceptorContext;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.ClosedChannelException;
import org.eclipse.jetty.io.EofException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Passes over the rest of a resource's answer whose caller has hung up or does not keep pace: that
/// is no fault of this service, and Jersey would log it as one, with a stack trace. Whatever else
/// goes wrong with an answer stays Jersey's to tell.
///
/// **Threads**: safe for use by several threads.
final class UnreadAnswers implements WriterInterceptor {
  private static final Logger LOG = LoggerFactory.getLogger(UnreadAnswers.class);

  @Override
  public void aroundWriteTo(WriterInterceptorContext answer) throws IOException {
    answer.setOutputStream(new ToCaller(answer.getOutputStream()));
    answer.proceed();
  }

  /// An answer on its way, of which the rest is dropped once its caller does not take it.
  ///
  /// **Threads**: confined to the request's thread.
  static final class ToCaller extends OutputStream {
    private final OutputStream connection;
    private boolean gone;

    ToCaller(OutputStream connection) {
      this.connection = connection;
    }

    @Override
    public void write(int one) throws IOException {
      unlessGone(() -> connection.write(one));
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      unlessGone(() -> connection.write(bytes, offset, length));
    }

    @Override
    public void flush() throws IOException {
      unlessGone(connection::flush);
    }

    @Override
    public void close() throws IOException {
      forgiving(connection::close);
    }

    private void unlessGone(Step step) throws IOException {
      if (!gone) {
        forgiving(step);
      }
    }

    private void forgiving(Step step) throws IOException {
      try {
        step.run();
      } catch (IOException e) {
        if (!isOfCaller(e)) {
          throw e;
        }
        gone = true;
        LOG.debug("event=answer-unread cause={}", e.getClass().getSimpleName());
      }
    }

    private static boolean isOfCaller(IOException fault) {
      for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
        if (cause instanceof EofException
            || cause instanceof ClosedChannelException
            || cause instanceof CallerFaultException) {
          return true;
        }
      }
      return false;
    }
  }

  /// What writes.
  @FunctionalInterface
  private interface Step {
    void run() throws IOException;
  }
}
