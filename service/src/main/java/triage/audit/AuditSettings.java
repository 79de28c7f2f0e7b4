package triage.audit;

import com.fasterxml.jackson.annotation.JsonProperty;

/// How much the audit trail holds back while the store is away: the settings under the key `audit`.
///
/// There is none that switches auditing off. A key that a file leaves out arrives here as null and
/// takes its default, hence the boxed numbers.
///
/// **Threads**: immutable.
///
/// @param bufferRows exchanges that may be under way or waiting for their row's commit at once;
///   default 100,000, which at 1,600 a second bridges an outage of a minute in some 40 MB
/// @param onFull what happens to an exchange for whose row there is no room; default `refuse`
/// @param shedKeys different sheds (caller, study, model, reason) counted apart within 10 s; what
///   goes beyond is counted together, under `other`; default 1,000
public record AuditSettings(Integer bufferRows, OnFull onFull, Integer shedKeys) {
  private static final int BUFFER_ROWS = 100_000;
  private static final int SHED_KEYS = 1_000;

  /// What happens when the buffer is full.
  public enum OnFull {
    /// The exchange is refused before its work begins.
    @JsonProperty("refuse")
    REFUSE,
    /// The exchange goes on without a row; a gap row later says how many did.
    @JsonProperty("count")
    COUNT
  }

  /// Checks every value and puts the default where there is none.
  ///
  /// @throws IllegalArgumentException if a number is out of range
  public AuditSettings {
    bufferRows = bufferRows == null ? BUFFER_ROWS : bufferRows;
    onFull = onFull == null ? OnFull.REFUSE : onFull;
    shedKeys = shedKeys == null ? SHED_KEYS : shedKeys;
    if (bufferRows < 1 || bufferRows > 10_000_000) {
      throw new IllegalArgumentException(
          "bufferRows: " + bufferRows + " (expected: 1 to 10000000)");
    }
    if (shedKeys < 1 || shedKeys > 100_000) {
      throw new IllegalArgumentException("shedKeys: " + shedKeys + " (expected: 1 to 100000)");
    }
  }

  /// Gives the settings of a file that says nothing about the audit.
  public static AuditSettings defaults() {
    return new AuditSettings(BUFFER_ROWS, OnFull.REFUSE, SHED_KEYS);
  }
}
