package triage.analysis;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import triage.gateway.NativeCall;
import triage.gateway.Refusal;
import triage.gateway.RefusedException;
import triage.identity.Caller;
import triage.identity.Role;

/// Lists jobs that were given up: their own to callers, all to operators, a page at a time by id,
/// which is by age.
///
/// **Threads**: safe for use by several threads, which it blocks.
final class DeadJobs {
  private static final int PAGE = 100;
  private static final int PAGE_MAX = 200;
  private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,2}");
  private static final UUID FIRST = new UUID(0, 0);

  private final JobDao dao;
  private final JobView view;

  DeadJobs(JobDao dao, JobView view) {
    this.dao = dao;
    this.view = view;
  }

  /// Gives a page.
  ///
  /// @param state which jobs; only `dead` is offered
  /// @param after the last id of the page before, or `null`
  /// @param limit how many at most, or `null` for 100
  /// @throws RefusedException 400 if one of them breaks its rule
  Reply list(
      NativeCall call, @Nullable String state, @Nullable String after, @Nullable String limit)
      throws RefusedException {
    Caller caller = call.caller();
    boolean all = caller.may(Role.OPERATE);
    if (!all) {
      Analyses.require(caller, Role.READ);
    }
    if (!JobState.DEAD.wire().equals(state)) {
      throw bad("state", "dead");
    }
    int most = limit == null ? PAGE : most(limit);
    List<Job> page = dao.dead(all ? null : caller.name(), after == null ? FIRST : id(after), most);
    String next =
        page.size() < most
            ? null
            : "/api/v1/jobs?state=dead&limit=" + most + "&after=" + page.getLast().id();
    List<Job> shown = all ? page : page.stream().filter(job -> view.isFor(caller, job)).toList();
    return new Reply(200, Reply.JSON, Map.of(), JobJson.page(shown, all, next));
  }

  private static int most(String limit) throws RefusedException {
    if (NUMBER.matcher(limit).matches() && Integer.parseInt(limit) <= PAGE_MAX) {
      return Integer.parseInt(limit);
    }
    throw bad("limit", "1 to " + PAGE_MAX);
  }

  private static UUID id(String after) throws RefusedException {
    if (Jobs.isId(after)) {
      return UUID.fromString(after);
    }
    throw bad("after", "the id of a job");
  }

  private static RefusedException bad(String name, String rule) {
    return new RefusedException(
        Refusal.badRequest(
            "the parameter `" + name + "` is not as expected (expected: " + rule + ")"));
  }
}
