/// Clocks, given as arguments: a monotonic one for waits and deadlines, a wall one for records, and
/// settable twins of both for tests.
///
/// Nothing else in Triage reads a clock. Imports no other room.
///
/// **Threads**: every type here is safe for use by several threads.
@NullMarked
package triage.time;

import org.jspecify.annotations.NullMarked;
