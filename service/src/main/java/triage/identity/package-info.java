/// Who is calling: tokens, the callers they stand for, and what those may do.
///
/// It never logs a token and holds no default secret. Verifying is work like any other: what was
/// verified is remembered in a bounded cache.
///
/// **Threads**: every type here is safe for use by several threads.
@NullMarked
package triage.identity;

import org.jspecify.annotations.NullMarked;
