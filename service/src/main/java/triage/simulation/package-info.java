/// Virtual time: arrivals and model servers around the very gate that ships.
///
/// It must never read a clock, start a thread or draw unseeded chance: a run is repeatable to the
/// digit from its seed.
///
/// **Threads**: a simulation is confined to one thread; several may run side by side.
@NullMarked
package triage.simulation;

import org.jspecify.annotations.NullMarked;
