/// PostgreSQL: the embedded server and its supervision, or an external one; migrations; the
/// group-commit writer.
///
/// It never weakens durability (`fsync` and `synchronous_commit` stay on) and never acknowledges a
/// row before its commit. JDBI is used here and in `*Dao` classes of other rooms only.
///
/// **Threads**: the writer and the supervisor have one named platform thread each; everything else
/// is safe for use by several threads.
@NullMarked
package triage.store;

import org.jspecify.annotations.NullMarked;
