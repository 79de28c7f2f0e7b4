/// The models that are served: their versions, the backends that serve them (in process or over
/// HTTP), and the gate in front of each version.
///
/// It never answers a caller and never looks into a body that it does not have to.
///
/// **Threads**: a model version's gate is guarded by one lock that is held for admission decisions
/// only, never during I/O.
@NullMarked
package triage.backend;

import org.jspecify.annotations.NullMarked;
