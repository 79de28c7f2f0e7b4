package triage.app;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import triage.identity.Role;
import triage.identity.TokenVerifier;
import triage.identity.Verification;

/// Who may do what on the admin port: reads are open to this machine, everything else needs a token
/// with the role `operate`.
///
/// The Host must be one that the port is reached by, and an Origin must be the port's own: a page
/// in a browser on this machine must not reach it by another name (DNS rebinding) or from another
/// site.
///
/// **Threads**: safe for use by several threads.
final class AdminFilter extends HttpFilter {
  private static final long serialVersionUID = 1;
  private static final Set<String> LOOPBACK_NAMES =
      Set.of("localhost", "127.0.0.1", "[::1]", "0:0:0:0:0:0:0:1", "::1");
  private static final Set<String> GUARDED_READS = Set.of("/profile", "/threads", "/pprof");

  /// The attribute of a request that holds the [triage.identity.Caller] with the role `operate`.
  static final String OPERATOR = "triage.operator";

  private final transient TokenVerifier tokens;
  private final String host;

  /// Makes the filter.
  ///
  /// @param host what the admin port is bound to, also allowed as its name
  AdminFilter(TokenVerifier tokens, String host) {
    this.tokens = tokens;
    this.host = host.toLowerCase(Locale.ROOT);
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    if (!isOurName(request.getServerName(), request.getLocalAddr())) {
      refuse(response, 403, "the Host header names another server; use the address of this port");
      return;
    }
    String origin = request.getHeader("Origin");
    if (origin != null && !isOwnOrigin(origin, request)) {
      refuse(response, 403, "requests from other origins are refused");
      return;
    }
    if (isOpenRead(request)) {
      chain.doFilter(request, response);
      return;
    }
    switch (tokens.verify(request.getHeader("Authorization"))) {
      case Verification.Refused refused -> {
        response.setHeader("WWW-Authenticate", "Bearer realm=\"triage-admin\"");
        refuse(response, 401, refused.detail());
      }
      case Verification.Verified verified -> {
        if (verified.caller().may(Role.OPERATE)) {
          request.setAttribute(OPERATOR, verified.caller());
          chain.doFilter(request, response);
        } else {
          refuse(response, 403, "your token lacks the role `operate`");
        }
      }
    }
  }

  private static boolean isOpenRead(HttpServletRequest request) throws IOException {
    boolean read = request.getMethod().equals("GET") || request.getMethod().equals("HEAD");
    // Decoded, as the servlets see it: a path that is spelt otherwise is the same path.
    String path =
        Objects.toString(request.getServletPath(), "")
            + Objects.toString(request.getPathInfo(), "");
    boolean guarded = GUARDED_READS.stream().anyMatch(path::startsWith);
    return read && !guarded && InetAddress.getByName(request.getRemoteAddr()).isLoopbackAddress();
  }

  private boolean isOurName(@Nullable String name, @Nullable String address) {
    String asked = String.valueOf(name).toLowerCase(Locale.ROOT);
    return LOOPBACK_NAMES.contains(asked) || asked.equals(host) || asked.equals(address);
  }

  private static boolean isOwnOrigin(String origin, HttpServletRequest request) {
    try {
      URI uri = URI.create(origin);
      return "http".equals(uri.getScheme())
          && request.getServerName().equalsIgnoreCase(uri.getHost())
          && request.getServerPort() == uri.getPort();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /// Answers with a problem. The detail must hold nothing that a caller made up.
  static void refuse(HttpServletResponse response, int status, String detail) throws IOException {
    response.setStatus(status);
    response.setContentType("application/problem+json");
    response
        .getOutputStream()
        .print(
            "{\"type\":\"about:blank\",\"status\":" + status + ",\"detail\":\"" + detail + "\"}");
  }
}
