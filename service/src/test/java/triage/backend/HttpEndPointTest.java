package triage.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.thread.ScheduledExecutorScheduler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class HttpEndPointTest {
  private static final int ROOM = 16;

  private Selector selector;
  private SocketChannel here;
  private SocketChannel there;
  private SelectionKey key;

  @BeforeEach
  void connects() throws IOException {
    selector = Selector.open();
    try (ServerSocketChannel listener =
        ServerSocketChannel.open()
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
      there = SocketChannel.open(listener.getLocalAddress());
      here = listener.accept();
    }
    here.configureBlocking(false);
    key = here.register(selector, SelectionKey.OP_READ);
  }

  @AfterEach
  void disconnects() throws IOException {
    selector.close();
    here.close();
    there.close();
  }

  @Test
  void isNotReadAgainUntilTheSelectorTellsOfMore() throws IOException {
    HttpEndPoint socket = HttpEndPoint.ofModelServer(here, null, key, scheduler());
    arrives(5);
    socket.onSelected();

    assertThat(fill(socket)).isEqualTo(5);
    arrives(3);
    assertThat(fill(socket)).isZero();

    socket.onSelected();
    assertThat(fill(socket)).isEqualTo(3);
  }

  @Test
  void isReadAgainWhereTheLastReadLeftNoRoom() throws IOException {
    HttpEndPoint socket = HttpEndPoint.ofModelServer(here, null, key, scheduler());
    arrives(ROOM + 5);
    socket.onSelected();

    assertThat(fill(socket)).isEqualTo(ROOM);
    assertThat(fill(socket)).isEqualTo(5);
  }

  @Test
  void ofACallerIsReadAgainUntilARequestIsOver() throws IOException {
    HttpEndPoint socket = new HttpEndPoint(here, null, key, scheduler());
    arrives(5);
    assertThat(fill(socket)).isEqualTo(5);
    arrives(3);
    assertThat(fill(socket)).isEqualTo(3);

    socket.rest();
    arrives(2);
    assertThat(fill(socket)).isZero();

    socket.onSelected();
    assertThat(fill(socket)).isEqualTo(2);
  }

  @Test
  void ofACallerWhoHasSentMoreThanWasReadIsReadAtTheEndOfARequest() throws IOException {
    HttpEndPoint socket = new HttpEndPoint(here, null, key, scheduler());
    arrives(ROOM + 5);
    assertThat(fill(socket)).isEqualTo(ROOM);

    socket.rest();

    assertThat(fill(socket)).isEqualTo(5);
  }

  @Test
  void tellsOfTheEndOfTheStreamEachTime() throws IOException {
    HttpEndPoint socket = HttpEndPoint.ofModelServer(here, null, key, scheduler());
    there.close();
    selector.select();

    assertThat(fill(socket)).isEqualTo(-1);
    assertThat(fill(socket)).isEqualTo(-1);
  }

  @Test
  void tellsOfItsOwnEndWhereNothingWasToBeRead() throws IOException {
    HttpEndPoint socket = HttpEndPoint.ofModelServer(here, null, key, scheduler());
    arrives(5);
    socket.onSelected();
    assertThat(fill(socket)).isEqualTo(5);
    assertThat(fill(socket)).isZero();

    socket.close();

    assertThat(fill(socket)).isEqualTo(-1);
  }

  @Test
  void isReadAgainByWhoeverDoesNotSelect() throws Exception {
    HttpEndPoint socket = HttpEndPoint.ofModelServer(here, null, key, scheduler());
    Thread other = new Thread(socket::onSelected);
    other.start();
    other.join();
    arrives(5);
    assertThat(fill(socket)).isEqualTo(5);
    arrives(3);

    assertThat(fill(socket)).isEqualTo(3);
  }

  private static ScheduledExecutorScheduler scheduler() {
    return new ScheduledExecutorScheduler();
  }

  /// Sends so many bytes and waits for them to be there.
  private void arrives(int bytes) throws IOException {
    there.write(ByteBuffer.allocate(bytes));
    selector.selectedKeys().clear();
    selector.select();
  }

  private static int fill(HttpEndPoint socket) throws IOException {
    return socket.fill(BufferUtil.allocate(ROOM));
  }
}
