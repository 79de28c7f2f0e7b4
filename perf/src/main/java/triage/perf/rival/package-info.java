/// The limiters that ours is measured against, each as its makers publish it, in virtual time.
///
/// Where a published Java library can be driven by a clock of ours, that library decides. Where it
/// cannot, or is not in Java, the rule is written here from its published constants, and the class
/// says so. Nothing here reads a clock, and chance comes only from the seed.
///
/// **Threads**: a rival is confined to one thread.
@NullMarked
package triage.perf.rival;

import org.jspecify.annotations.NullMarked;
