package triage.gateway;

import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;

/// Counts the records of TLS without content that follow one another. Some clients send one before
/// each that has some, and a key update is one, too; whoever sends nothing else keeps a thread busy
/// while nothing arrives whose pace could be looked at.
///
/// **Threads**: confined to the reads of one connection, of which there is one at a time.
final class EmptyRecords {
  static final int IN_A_ROW_MAX = 32;

  private int inARow;

  /// Takes a record of a connection that has agreed on TLS into account.
  ///
  /// @throws SSLException if there are too many in a row; the connection is to be closed
  void note(SSLEngineResult record) throws SSLException {
    if (record.bytesProduced() > 0) {
      inARow = 0;
    } else if (record.bytesConsumed() > 0 && ++inARow > IN_A_ROW_MAX) {
      throw new SSLException("records without content: more than " + IN_A_ROW_MAX + " in a row");
    }
  }
}
