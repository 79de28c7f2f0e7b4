/// One request through all rooms, and the dialects in which callers speak: the front door, the
/// exchange and the Open Inference Protocol, on Jetty core handlers.
///
/// It never buffers what it can stream, never logs a payload, and answers every error in the
/// dialect of the path.
///
/// **Threads**: the front door runs on Jetty's I/O threads and never blocks; an exchange runs on a
/// virtual thread of its own.
@NullMarked
package triage.gateway;

import org.jspecify.annotations.NullMarked;
