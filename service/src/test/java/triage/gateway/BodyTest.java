package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Components;
import org.eclipse.jetty.server.Request;
import org.junit.jupiter.api.Test;

/// The memory of a body that is on loan.
final class BodyTest {
  private static final long BYTES_MAX = 1 << 20;

  private final ArrayByteBufferPool.Tracking pool = new ArrayByteBufferPool.Tracking();
  private byte[] sent = new byte[20_000];

  BodyTest() {
    new Random(1).nextBytes(sent);
  }

  /// Of a body of 129 KiB it had been 256.
  @Test
  void borrowsAtMostAQuarterMoreThanItNeedsInFewSizes() throws Exception {
    Set<Integer> sizes = new HashSet<>();
    for (int bytes = 17 << 10; bytes <= 256 << 10; bytes += 512) {
      sent = new byte[bytes];
      Body body = Body.readToRelay(request(part(0, bytes, true)), BYTES_MAX);
      int taken = body.begun().array().length;
      assertThat(taken).isBetween(bytes, bytes + bytes / 4);
      sizes.add(taken);
      body.giveBack();
    }
    assertThat(sizes).hasSize(16);
  }

  @Test
  void whatIsBeingSentKeepsTheLoan() throws Exception {
    Body body =
        Body.readToRelay(request(part(0, 7_000, false), part(7_000, 20_000, true)), BYTES_MAX);
    Content.Chunk first = body.rest(null).read();
    Content.Chunk again = body.rest(null).read();
    body.giveBack();
    body.giveBack();
    assertThat(first.getByteBuffer()).isEqualTo(ByteBuffer.wrap(sent));
    first.release();
    assertThat(pool.getLeaks()).hasSize(1);
    assertThat(again.getByteBuffer()).isEqualTo(ByteBuffer.wrap(sent));
    again.release();
    assertThat(pool.getLeaks()).isEmpty();
  }

  @Test
  void sendsNothingOfWhatHasBeenGivenBack() throws Exception {
    Body body = Body.readToRelay(request(part(0, 20_000, true)), BYTES_MAX);
    Content.Source late = body.rest(null);
    body.giveBack();
    assertThat(Content.Chunk.isFailure(late.read())).isTrue();
    assertThat(pool.getLeaks()).isEmpty();
  }

  @Test
  void givesCopiesOfWhatIsOnLoan() throws Exception {
    Body body = Body.readToRelay(request(part(0, 20_000, true)), BYTES_MAX);
    byte[] whole = body.bytes();
    body.begun().put(0, (byte) ~sent[0]);
    body.giveBack();
    assertThat(whole).isEqualTo(sent);
  }

  @Test
  void givesBackWhatItCouldNotFill() {
    Content.Chunk failure = Content.Chunk.from(new IOException("gone"), true);
    assertThatThrownBy(() -> Body.readToRelay(request(part(0, 7_000, false), failure), BYTES_MAX))
        .isInstanceOf(RefusedException.class);
    assertThat(pool.getLeaks()).isEmpty();
  }

  @Test
  void givesBackWhatItHasOutgrown() throws Exception {
    sent = new byte[300_000];
    new Random(1).nextBytes(sent);
    Body body =
        Body.readToRelay(
            request(
                part(0, 7_000, false),
                part(7_000, 262_000, false),
                part(262_000, 270_000, false),
                part(270_000, 300_000, true)),
            BYTES_MAX);
    assertThat(pool.getLeaks()).isEmpty();
    assertThat(body.rest(null).read().getByteBuffer()).isEqualTo(ByteBuffer.wrap(sent, 0, 270_000));
  }

  @Test
  void borrowsNothingWhereTheBodyIsKept() throws Exception {
    Body body = Body.read(request(part(0, 20_000, true)), BYTES_MAX);
    assertThat(pool.getLeaks()).isEmpty();
    assertThat(body.bytes()).isEqualTo(sent);
  }

  private Content.Chunk part(int from, int to, boolean last) {
    return Content.Chunk.from(ByteBuffer.wrap(sent, from, to - from).slice(), last);
  }

  /// Gives a request with a body in these parts, whose connector has the pool.
  private Request request(Content.Chunk... parts) {
    Queue<Content.Chunk> left = new ArrayDeque<>(List.of(parts));
    Components components = made(Components.class, (_, _, _) -> pool);
    return made(
        Request.class,
        (_, method, _) ->
            switch (method.getName()) {
              case "getLength" -> (long) sent.length;
              case "getComponents" -> components;
              case "read" -> left.poll();
              default -> throw new UnsupportedOperationException(method.getName());
            });
  }

  private static <T> T made(Class<T> kind, InvocationHandler handler) {
    return kind.cast(Proxy.newProxyInstance(kind.getClassLoader(), new Class<?>[] {kind}, handler));
  }
}
