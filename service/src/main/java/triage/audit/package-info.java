/// Who asked what of which model version, when, and what came of it: one row an exchange.
///
/// It cannot be switched off, and it never holds a payload, a token or a subject's identity: of an
/// input it keeps the digest.
///
/// **Threads**: every type here is safe for use by several threads.
@NullMarked
package triage.audit;

import org.jspecify.annotations.NullMarked;
