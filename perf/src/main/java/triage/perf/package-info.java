/// Measurements: micro-benchmarks of the shipped classes, and runs against real servers.
///
/// Nothing here ships. Drivers of the pure core see no framework: the dependency on the service
/// comes without the service's own dependencies.
package triage.perf;
