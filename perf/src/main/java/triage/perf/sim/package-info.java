/// The scoreboard: the gate that ships, an oracle and its rivals, in the scenarios of overload.
package triage.perf.sim;
