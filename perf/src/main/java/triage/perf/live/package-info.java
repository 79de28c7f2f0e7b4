/// Load on real servers: an open-loop generator, and a model server that is changed while it runs.
///
/// The generator never waits for the server it measures: what it sends, and when, is settled by a
/// seed before the first request, and a latency runs from the moment a request was meant to be
/// sent. How late the generator itself was is part of every result.
///
/// Plain JDK sockets, for the sake of the machine that generator and servers share: neither may
/// cost what the gateway between them is measured at.
///
/// **Threads**: one thread in each generator, one in each model server beside that of its control
/// port. Every class says what it is confined to.
package triage.perf.live;
