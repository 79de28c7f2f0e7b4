/// How loaded this process is: sensors, and from them the fraction of arrivals to be shed.
///
/// It says nothing about models: what drowns behind a backend is the business of its gate. A signal
/// that cannot be read is absent, and reported so; it never counts as zero. Imports `time` only.
///
/// **Threads**: one of its own, `pressure`, reads all sensors; what it found is handed out as
/// immutable values.
@NullMarked
package triage.pressure;

import org.jspecify.annotations.NullMarked;
