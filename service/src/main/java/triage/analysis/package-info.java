/// Analyses: what is submitted under `/api/v1` becomes a job that is kept until it is done.
///
/// It never acknowledges a job before its commit, never writes a second answer over a first, and
/// never logs an input, a result or whom they are of.
///
/// **Threads**: requests on virtual threads of their own, which may block; one thread each claims
/// jobs (`job-poller`), renews their leases (`job-leases`) and looks after the rest (`job-keeper`);
/// a claimed job runs on a virtual thread.
@NullMarked
package triage.analysis;

import org.jspecify.annotations.NullMarked;
