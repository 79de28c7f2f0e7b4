package triage.app;

import java.util.function.Consumer;
import java.util.function.Supplier;
import triage.admission.Mode;

/// The mode of one part of the service, to be read and set.
///
/// **Threads**: both functions must be safe for use by several threads.
///
/// @param now gives the mode that holds
/// @param set makes another hold, from the next decision on
record ModeSwitch(Supplier<Mode> now, Consumer<Mode> set) {}
