/// What must hold at a turnstile whatever threads do at the same time, tried with jcstress.
///
/// Each class is one promise: its actors run at the same time, each on a thread of its own, over
/// and over, and every outcome that is not listed as acceptable is a fault.
///
/// **Threads**: jcstress makes the states and guards them; a state is used for one round.
package triage.perf.stress;
