/// PostgreSQL: the embedded server and its supervision, or an external one; migrations; the
/// group-commit writer.
///
/// It never weakens durability (`fsync` and `synchronous_commit` stay on) and never acknowledges a
/// row before its commit. JDBI is used here and in `*Dao` classes of other rooms only.
///
/// **Threads**: one named platform thread each writes (`store-writer`), asks for health
/// (`store-health`), keeps the embedded server (`postgres-supervisor`) and reads its output
/// (`postgres-log`); everything else is safe for use by several threads.
@NullMarked
package triage.store;

import org.jspecify.annotations.NullMarked;
