package triage.perf.live;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/// Sends what a [Plan] says, when it says so, and counts what becomes of it.
///
/// One thread does it all. A wait too short for the selector is slept, not spun, since the server
/// under test needs the processor, and for half a millisecond at least unless the plan says
/// otherwise: what is due by then is sent in one go, and what has ended is read in one go. That
/// costs half as many system calls.
///
/// **Threads**: [#run] is for one thread, once.
public final class LoadGenerator {
  private static final long MILLISECOND_NANOS = 1_000_000;
  private static final long SECOND_NANOS = 1_000_000_000;
  // After a stall: so many are sent before answers are looked at again.
  private static final int SENT_IN_A_ROW_MAX = 64;
  private static final int READ_BYTES = 64 << 10;

  private final Plan plan;
  private final Tally tally;
  private final List<Arrivals> arrivals = new ArrayList<>();
  private final List<ByteBuffer> requests = new ArrayList<>();
  // For each class, in the order in which they are given up; those that have ended go by and by.
  private final List<Queue<Exchange>> underWay = new ArrayList<>();
  private final ArrayDeque<Exchange> spare = new ArrayDeque<>();
  private final ArrayDeque<Connection> idle = new ArrayDeque<>();
  private final ByteBuffer scratch = ByteBuffer.allocateDirect(READ_BYTES);
  private final @Nullable SSLContext believed;
  private int open;
  private long startNanos;

  /// Makes a generator for one run.
  ///
  /// @throws IOException if there are no certificates where the plan says so
  public LoadGenerator(Plan plan) throws IOException {
    this.plan = plan;
    this.believed = plan.caFile().isEmpty() ? null : SecureWire.believing(Path.of(plan.caFile()));
    this.tally = new Tally(plan);
    String host = "127.0.0.1:" + plan.target().getPort();
    for (Traffic traffic : plan.classes()) {
      arrivals.add(traffic.arrivals(plan.seed(), plan.warmUpSeconds() * SECOND_NANOS));
      byte[] request = plan.request(traffic, host);
      requests.add(ByteBuffer.allocateDirect(request.length).put(request).flip());
      underWay.add(new ArrayDeque<>());
    }
  }

  /// Sends, and waits for the last answer or until it is given up.
  ///
  /// @param startNanos when the run begins, by [System#nanoTime]
  /// @throws IOException if there are no sockets to be had
  public Tally run(long startNanos) throws IOException {
    this.startNanos = startNanos;
    long endNanos = plan.totalSeconds() * SECOND_NANOS;
    long warmNanos = plan.warmUpSeconds() * SECOND_NANOS;
    Duration warmCpu = null;
    try (Selector selector = Selector.open()) {
      try {
        while (true) {
          long now = now();
          if (warmCpu == null && now >= warmNanos) {
            warmCpu = cpu();
          }
          long next = sendDue(selector, now, endNanos);
          long nextLimit = giveUp(now);
          if (next == Arrivals.NONE && nextLimit == Arrivals.NONE && now >= endNanos) {
            break;
          }
          await(selector, Math.min(next, nextLimit) - now());
        }
        tally.cpu(cpu().minus(warmCpu).toNanos());
      } finally {
        selector.keys().forEach(key -> ((Connection) key.attachment()).close());
      }
    }
    return tally;
  }

  private long now() {
    return System.nanoTime() - startNanos;
  }

  private static Duration cpu() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /// Sends what is due and gives when the next request will be.
  private long sendDue(Selector selector, long now, long endNanos) {
    for (int sent = 0; sent < SENT_IN_A_ROW_MAX; sent++) {
      int number = 0;
      for (int other = 1; other < arrivals.size(); other++) {
        if (arrivals.get(other).nextNanos() < arrivals.get(number).nextNanos()) {
          number = other;
        }
      }
      long intended = arrivals.get(number).nextNanos();
      if (intended >= endNanos) {
        return Arrivals.NONE;
      }
      if (intended > now) {
        return intended;
      }
      arrivals.get(number).take();
      send(selector, number, intended);
    }
    return now;
  }

  private void send(Selector selector, int number, long intended) {
    tally.sent(number, intended, now());
    Connection connection = null;
    try {
      connection = connection(selector);
      if (connection == null) {
        tally.notSent(number, intended);
        arrivals.get(number).settled(intended + MILLISECOND_NANOS);
        return;
      }
      Exchange exchange = spare.isEmpty() ? new Exchange() : spare.pop();
      exchange.number = number;
      exchange.intendedNanos = intended;
      exchange.connection = connection;
      connection.exchange = exchange;
      underWay.get(number).add(exchange);
      connection.send(requests.get(number));
    } catch (IOException e) {
      if (connection == null) {
        tally.failed(number, intended, "connect");
        arrivals.get(number).settled(intended + MILLISECOND_NANOS);
      } else {
        broken(connection, "write");
      }
    }
  }

  /// Gives an idle connection, the one used last, or a new one; null if there may be no more.
  private @Nullable Connection connection(Selector selector) throws IOException {
    while (!idle.isEmpty()) {
      Connection connection = idle.pop();
      if (connection.isOpen()) {
        return connection;
      }
    }
    if (open >= plan.connectionsMax()) {
      return null;
    }
    Connection connection = new Connection(plan.target(), selector, believed);
    tally.connections(++open);
    return connection;
  }

  /// Gives up what has waited too long, and gives when that is next to be looked at.
  private long giveUp(long now) {
    long next = Arrivals.NONE;
    for (int number = 0; number < underWay.size(); number++) {
      Queue<Exchange> queue = underWay.get(number);
      long limit = plan.classes().get(number).limitNanos();
      for (Exchange first = queue.peek(); first != null; first = queue.peek()) {
        Connection connection = first.connection;
        if (connection != null && first.intendedNanos + limit > now) {
          next = Math.min(next, first.intendedNanos + limit);
          break;
        }
        if (connection != null) {
          tally.timedOut(number, first.intendedNanos);
          settle(connection, now);
          close(connection);
        }
        spare.push(queue.remove());
      }
    }
    return next;
  }

  private void await(Selector selector, long nanos) throws IOException {
    if (nanos >= MILLISECOND_NANOS) {
      selector.select(this::ready, Math.min(nanos / MILLISECOND_NANOS, 100));
      return;
    }
    if (nanos > 0) {
      LockSupport.parkNanos(Math.max(nanos, plan.pieceNanos()));
    }
    selector.selectNow(this::ready);
  }

  private void ready(SelectionKey key) {
    Connection connection = (Connection) key.attachment();
    try {
      if (key.isConnectable() || key.isWritable()) {
        connection.proceed();
        if (connection.exchange == null && connection.isIdle()) {
          idle.push(connection);
        }
      }
      if (key.isReadable()) {
        read(connection);
      }
    } catch (SecondAnswerException e) {
      tally.answeredTwice();
      broken(connection, "second-answer");
    } catch (IOException | MessageParser.MalformedException e) {
      broken(connection, e instanceof IOException ? "connection" : "malformed");
    }
  }

  private void read(Connection connection) throws IOException, MessageParser.MalformedException {
    Connection.Progress progress = connection.read(scratch);
    Exchange exchange = connection.exchange;
    if (exchange == null && progress == Connection.Progress.PARTIAL) {
      return; // TLS has something to say to itself, such as a ticket.
    }
    if (exchange == null) {
      // The other side has closed it, idle or before it had read all of a request that it refused.
      idle.remove(connection);
      close(connection);
    } else if (progress == Connection.Progress.CLOSED) {
      broken(connection, "closed");
    } else if (progress == Connection.Progress.WHOLE) {
      long now = now();
      int status = connection.status();
      tally.answered(exchange.number, exchange.intendedNanos, now, status, connection.reason());
      settle(connection, now);
      if (!connection.lasting()) {
        close(connection);
      } else if (connection.isIdle()) {
        idle.push(connection);
      } // Else the rest of its request is still to be sent: it was answered before.
    }
  }

  private void broken(Connection connection, String cause) {
    Exchange exchange = connection.exchange;
    if (exchange != null) {
      tally.failed(exchange.number, exchange.intendedNanos, cause);
      settle(connection, now());
    } else {
      idle.remove(connection);
    }
    close(connection);
  }

  private void settle(Connection connection, long now) {
    Exchange exchange = connection.exchange;
    arrivals.get(exchange.number).settled(now);
    exchange.connection = null;
    connection.exchange = null;
  }

  private void close(Connection connection) {
    if (connection.isOpen()) {
      connection.close();
      open--;
    }
  }
}
