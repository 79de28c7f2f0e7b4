package triage.gateway;

import java.io.IOException;
import org.eclipse.jetty.http.HttpException;

/// A body that cannot be read on because of its caller: it comes too slowly, or is too long.
///
/// As an [HttpException] it carries its status to whoever answers, in whatever dialect.
final class CallerFaultException extends IOException implements HttpException {
  private static final long serialVersionUID = 1;

  private final int status;
  private final String text;

  /// Makes the fault.
  ///
  /// @param text what is wrong and what to do, for the caller
  CallerFaultException(int status, String text) {
    super(text);
    this.status = status;
    this.text = text;
  }

  @Override
  public int getCode() {
    return status;
  }

  @Override
  public String getReason() {
    return text;
  }
}
