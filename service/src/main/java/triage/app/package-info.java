/// The program: settings, commands, and all wiring, top to bottom with plain `new`.
///
/// No other room imports this one.
///
/// **Threads**: wiring happens on the main thread before the server listens.
@NullMarked
package triage.app;

import org.jspecify.annotations.NullMarked;
