package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.eclipse.jetty.io.EofException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class UnreadAnswersTest {
  private static final byte[] PART = new byte[7];

  static Stream<IOException> ofCallers() {
    return Stream.of(
        new EofException(new IOException("Broken pipe")),
        new ClosedChannelException(),
        new IOException(new CallerFaultException(408, "the answer was not read")));
  }

  @ParameterizedTest
  @MethodSource("ofCallers")
  void dropsTheRestOfWhatItsCallerDoesNotTake(IOException fault) throws IOException {
    Connection connection = new Connection(fault);
    try (OutputStream answer = new UnreadAnswers.ToCaller(connection)) {
      answer.write(PART);
      answer.write(PART);
      answer.flush();
    }

    assertThat(connection.told).containsExactly("write", "close");
  }

  @Test
  void keepsQuietAboutNoOtherFault() {
    IOException fault = new IOException("written 7 > 6 content-length");
    OutputStream answer = new UnreadAnswers.ToCaller(new Connection(fault));

    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> answer.write(PART))
        .isSameAs(fault);
    assertThatExceptionOfType(IOException.class).isThrownBy(answer::flush).isSameAs(fault);
    assertThatExceptionOfType(IOException.class).isThrownBy(answer::close).isSameAs(fault);
  }

  /// A connection of which nothing works any more.
  private static final class Connection extends OutputStream {
    private final List<String> told = new ArrayList<>();
    private final IOException fault;

    private Connection(IOException fault) {
      this.fault = fault;
    }

    @Override
    public void write(int one) throws IOException {
      fail("write");
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      fail("write");
    }

    @Override
    public void flush() throws IOException {
      fail("flush");
    }

    @Override
    public void close() throws IOException {
      fail("close");
    }

    private void fail(String call) throws IOException {
      told.add(call);
      throw fault;
    }
  }
}
