package triage.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.BatchUpdateException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.transaction.TransactionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoreFaultTest {

  @ParameterizedTest
  @ValueSource(strings = {"22021", "22P05", "23502", "23505", "42501", "54000", "P0001"})
  void blamesRowsForWhatTimeDoesNotMend(String state) {
    assertThat(StoreFault.isOfRows(wrapped(new SQLException("x", state)))).isTrue();
    assertThat(StoreFault.isOfRows(wrapped(new BatchUpdateException("x", state, new int[0]))))
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"08006", "08001", "57P01", "57P03", "53100", "53300", "25006", "40001"})
  void blamesTheStoreForWhatTimeMayMend(String state) {
    assertThat(StoreFault.isOfRows(wrapped(new SQLException("x", state)))).isFalse();
  }

  @Test
  void knowsWhatAnotherTransactionWasInTheWayOf() {
    assertThat(StoreFault.isOfRivals(wrapped(new SQLException("x", "40P01")))).isTrue();
    assertThat(StoreFault.isOfRivals(wrapped(new BatchUpdateException("x", "40001", new int[0]))))
        .isTrue();
    assertThat(StoreFault.isOfRivals(wrapped(new SQLException("x", "57014")))).isFalse();
    assertThat(StoreFault.isOfRivals(wrapped(new SQLException("x")))).isFalse();
    assertThat(StoreFault.isOfRivals(new IllegalArgumentException("x"))).isFalse();
  }

  @Test
  void blamesTheStoreWhenInDoubt() {
    assertThat(StoreFault.isOfRows(wrapped(new SQLTransientConnectionException("x")))).isFalse();
    assertThat(StoreFault.isOfRows(new TransactionException("x"))).isFalse();
    assertThat(StoreFault.isOfRows(new ConnectionException(new SQLException("x", "42501"))))
        .isFalse();
  }

  @Test
  void blamesTheRowWhenTheCodeThatInsertsItFails() {
    assertThat(StoreFault.isOfRows(new IllegalArgumentException("x"))).isTrue();
  }

  @Test
  void describesAFaultWithoutTheStoresOwnText() {
    assertThat(StoreFault.describe(wrapped(new SQLException("Key (id)=(secret)", "23505"))))
        .isEqualTo("SQLException sqlstate=23505");
  }

  private static RuntimeException wrapped(SQLException cause) {
    return new IllegalStateException(new RuntimeException(cause));
  }
}
