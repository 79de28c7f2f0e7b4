package triage.app;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import triage.identity.Caller;

/// The task of one [Switchboard]: `POST /tasks/mode?target=door&mode=observe` changes a mode, `GET
/// /tasks/mode` gives all.
///
/// A servlet and not one of Dropwizard's tasks, which learn nothing of who asks and can say nothing
/// but 200 and 500. [AdminFilter] stands before it.
///
/// **Threads**: safe for use by several threads; a change waits up to 2 s for its row's commit.
final class SwitchServlet extends HttpServlet {
  private static final long serialVersionUID = 1;
  private static final long COMMIT_SECONDS = 2;

  private final transient Switchboard board;

  SwitchServlet(Switchboard board) {
    this.board = board;
  }

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String all =
        board.all().entrySet().stream()
            .map(entry -> "\"" + entry.getKey() + "\":\"" + entry.getValue() + "\"")
            .collect(Collectors.joining(",", "{", "}"));
    answer(response, all);
  }

  @Override
  protected void doPost(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    Caller operator = (Caller) request.getAttribute(AdminFilter.OPERATOR);
    if (operator == null) {
      throw new IllegalStateException("no operator: the filter must stand before this servlet");
    }
    Optional<Switchboard.Change> made;
    try {
      String value = one(request, board.setting());
      made = board.change(one(request, "target"), value, operator);
    } catch (IllegalArgumentException e) {
      AdminFilter.refuse(response, 400, String.valueOf(e.getMessage()));
      return;
    }
    if (made.isEmpty()) {
      AdminFilter.refuse(
          response, 503, "the audit trail has no room, and nothing is changed without it");
      return;
    }
    Switchboard.Change change = made.get();
    answer(
        response,
        "{\"from\":\"%s\",\"to\":\"%s\",\"audit\":\"%s\"}"
            .formatted(change.from(), change.to(), audit(change.recorded())));
  }

  /// Gives the one value of a parameter; what it holds is not repeated in any answer.
  private static String one(HttpServletRequest request, String name) {
    String[] values = request.getParameterValues(name);
    if (values == null || values.length != 1) {
      throw new IllegalArgumentException(
          name + ": " + (values == null ? "missing" : "several") + " (expected: one)");
    }
    return values[0];
  }

  private static String audit(@Nullable CompletableFuture<Void> recorded) {
    if (recorded == null) {
      return "unchanged";
    }
    try {
      recorded.get(COMMIT_SECONDS, TimeUnit.SECONDS);
      return "written";
    } catch (TimeoutException e) {
      // The store is away; the row waits for it, and the change holds meanwhile.
      return "waiting";
    } catch (ExecutionException e) {
      return "gap";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "waiting";
    }
  }

  private static void answer(HttpServletResponse response, String json) throws IOException {
    response.setContentType("application/json");
    response.getOutputStream().print(json);
  }
}
