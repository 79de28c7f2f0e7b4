package triage.gateway;

import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.util.Attributes;
import org.jspecify.annotations.Nullable;
import triage.identity.Caller;
import triage.identity.TokenVerifier;

/// The last token of a connection that was known, and whose it is.
///
/// A caller sends the same token with each request of a connection, and Jetty most often gives the
/// same field for it, from its own cache of the connection. To compare the two costs next to
/// nothing, a look-up by the token's hash a microsecond. The token is kept while the connection is
/// open.
///
/// **Threads**: immutable; the attributes of a connection are safe for use by several threads.
record CallersToken(HttpField field, Caller caller) {
  private static final String ATTRIBUTE = "triage.callers-token";

  /// Gives who sends a request, if its token was verified before and is still good.
  ///
  /// @param connection the one that the request came by
  static @Nullable Caller known(HttpFields headers, Attributes connection, TokenVerifier tokens) {
    HttpField field = headers.getField(HttpHeader.AUTHORIZATION);
    if (field == null) {
      return null;
    }
    if (connection.getAttribute(ATTRIBUTE) instanceof CallersToken last
        && last.field.equals(field)
        && tokens.isCurrent(last.caller)) {
      return last.caller;
    }
    Caller caller = tokens.known(field.getValue());
    if (caller != null) {
      connection.setAttribute(ATTRIBUTE, new CallersToken(field, caller));
    }
    return caller;
  }

  /// Gives a text that tells nothing of the token.
  @Override
  public String toString() {
    return "CallersToken[" + caller.name() + "]";
  }
}
