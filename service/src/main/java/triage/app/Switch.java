package triage.app;

import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/// One value of one part of the service, to be read and set while it runs.
///
/// **Threads**: the functions must be safe for use by several threads.
///
/// @param now gives the value that holds, in its usual form
/// @param checked gives the usual form of a value; throws [IllegalArgumentException] for one that
///     cannot be, with a message that does not repeat it
/// @param set makes a value hold from the next decision on
record Switch(Supplier<String> now, UnaryOperator<String> checked, Consumer<String> set) {}
