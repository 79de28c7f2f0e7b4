/// The pure core: who may pass to a model, who waits, and who is shed.
///
/// It must never do I/O, start a thread, read a clock, draw a number, write a log line or a metric:
/// the time is an argument, so that a simulation drives the very classes that ship.
///
/// **Threads**: a gate is guarded by its owner's lock; decisions are handed out as data and acted
/// upon by the owner after the lock is released.
@NullMarked
package triage.admission;

import org.jspecify.annotations.NullMarked;
