package triage.store;

/// Whether the store answers, as asked just now.
public sealed interface StoreHealth {

  /// The store answered and takes writes.
  record Ok() implements StoreHealth {}

  /// The store did not answer in time, or answered that it takes no writes.
  ///
  /// @param reason one line for operators; never holds a password
  record Down(String reason) implements StoreHealth {}
}
