package triage.app;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.function.BooleanSupplier;

/// A yes-or-no question that an orchestrator asks: 200 for yes, 503 for no.
///
/// **Threads**: safe for use by several threads.
final class ProbeServlet extends HttpServlet {
  private static final long serialVersionUID = 1;

  private final String question;
  private final transient BooleanSupplier holds;

  /// Makes the probe.
  ///
  /// @param question the member of the answer, such as `ready`
  ProbeServlet(String question, BooleanSupplier holds) {
    this.question = question;
    this.holds = holds;
  }

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    boolean answer = holds.getAsBoolean();
    response.setStatus(answer ? 200 : 503);
    response.setContentType("application/json");
    response.setHeader("Cache-Control", "no-store");
    response.getOutputStream().print("{\"" + question + "\":" + answer + "}");
  }
}
