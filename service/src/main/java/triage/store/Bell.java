package triage.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// News between instances that share a store: short words, rung at once and heard by all, the one
/// that rang included.
///
/// Words are gathered for 20 ms, each once, and sent as one `NOTIFY` on a connection of its own:
/// within the transactions that they tell of, it would take a lock of the whole database at each
/// commit. News may get lost, in an outage or beyond what fits; whoever listens looks for itself
/// now and then.
///
/// **Source**: PostgreSQL's `NOTIFY`, whose payload is at most 8000 bytes.
///
/// **Threads**: [#ring] may be called by any and never blocks; the listener is called by the thread
/// `store-bell-ear`, and must not hold it up. `store-bell` rings.
public final class Bell implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Bell.class);
  private static final Pattern WORD = Pattern.compile("[A-Za-z0-9._@-]{1,72}");
  private static final long GATHER_NANOS = 20_000_000L;
  private static final long AFTER_A_FAULT_NANOS = 500_000_000L;
  private static final int PAYLOAD_MAX = 7_500;
  private static final int WAITING_MAX = 10_000;
  private static final int LISTEN_MILLIS = 1_000;

  private final Sessions sessions;
  private final String channel;
  private final Consumer<List<String>> listener;
  private final Set<String> words = ConcurrentHashMap.newKeySet();
  private final Thread ringer =
      Thread.ofPlatform().daemon().name("store-bell").unstarted(this::ringAll);
  private final Thread ear =
      Thread.ofPlatform().daemon().name("store-bell-ear").unstarted(this::listen);
  private volatile boolean closing;
  private volatile @Nullable Connection listening;

  /// Makes a bell; [#start] starts its threads.
  ///
  /// @param channel an SQL name in lower case
  Bell(Sessions sessions, String channel, Consumer<List<String>> listener) {
    if (!channel.matches("[a-z_]{1,60}")) {
      throw new IllegalArgumentException("channel: " + channel + " (expected: [a-z_]{1,60})");
    }
    this.sessions = sessions;
    this.channel = channel;
    this.listener = listener;
  }

  Bell start() {
    ringer.start();
    ear.start();
    return this;
  }

  /// Tells everybody a word of letters, digits, dots, underscores, hyphens and `@`.
  ///
  /// @throws IllegalArgumentException for any other
  public void ring(String word) {
    if (!WORD.matcher(word).matches()) {
      throw new IllegalArgumentException("word: of another form (expected: " + WORD + ")");
    }
    words.add(word);
    LockSupport.unpark(ringer);
  }

  /// Ends both threads and their connections.
  @Override
  public void close() {
    closing = true;
    LockSupport.unpark(ringer);
    leave(listening);
    try {
      ringer.join(LISTEN_MILLIS);
      ear.join(LISTEN_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void ringAll() {
    Connection connection = null;
    while (!closing || !words.isEmpty()) {
      if (words.isEmpty()) {
        LockSupport.park(this);
        continue;
      }
      LockSupport.parkNanos(this, GATHER_NANOS);
      try {
        if (connection == null) {
          connection = sessions.open();
        }
        ring(connection);
      } catch (SQLException e) {
        leave(connection);
        connection = null;
        words.clear();
        if (closing) {
          return;
        }
        LockSupport.parkNanos(AFTER_A_FAULT_NANOS);
      }
    }
    leave(connection);
  }

  private void ring(Connection connection) throws SQLException {
    try (PreparedStatement notify = connection.prepareStatement("SELECT pg_notify(?, ?)")) {
      for (String payload = payload(); !payload.isEmpty(); payload = payload()) {
        notify.setString(1, channel);
        notify.setString(2, payload);
        notify.execute();
      }
    }
  }

  /// Gives as many of the words as fit.
  private String payload() {
    StringBuilder payload = new StringBuilder();
    Iterator<String> left = words.iterator();
    while (payload.length() < PAYLOAD_MAX && left.hasNext()) {
      String word = left.next();
      // Taken before it is sent: whoever rings the same word from here on rings anew.
      left.remove();
      payload.append(word).append(' ');
    }
    return payload.toString();
  }

  private void listen() {
    while (!closing) {
      try (Connection connection = sessions.open();
          Statement statement = connection.createStatement()) {
        listening = connection;
        statement.execute("LISTEN " + channel);
        PGConnection notifications = connection.unwrap(PGConnection.class);
        while (!closing) {
          hear(notifications.getNotifications(LISTEN_MILLIS));
        }
      } catch (SQLException e) {
        if (!closing) {
          LOG.debug("event=bell-silent sqlstate={}", e.getSQLState());
          LockSupport.parkNanos(AFTER_A_FAULT_NANOS);
        }
      }
    }
  }

  private void hear(PGNotification @Nullable [] notifications) {
    if (notifications == null || notifications.length == 0) {
      return;
    }
    List<String> heard = new ArrayList<>();
    for (PGNotification notification : notifications) {
      for (String word : notification.getParameter().split(" ", WAITING_MAX)) {
        if (WORD.matcher(word).matches()) {
          heard.add(word);
        }
      }
    }
    try {
      listener.accept(heard);
    } catch (RuntimeException e) {
      LOG.error("event=bell-listener-failed", e);
    }
  }

  private static void leave(@Nullable Connection connection) {
    try {
      if (connection != null) {
        connection.close();
      }
    } catch (SQLException _) {
      // It was broken; nothing of ours depends on it.
    }
  }
}
