package triage.gateway;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.util.IO;
import org.jspecify.annotations.Nullable;

/// How many connections there may be, in all and from one address. What goes beyond is closed as
/// it is accepted, so that its sender knows at once.
///
/// All addresses of an IPv6 /64 count as one: that is what one host is given.
///
/// **Threads**: safe for use by several threads.
public final class ConnectionLimits implements SelectorManager.AcceptListener {
  private static final int PREFIX_BYTES = 8;

  private final ConnectionSettings settings;
  private final ConcurrentHashMap<InetAddress, Integer> byAddress = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<SelectableChannel, InetAddress> open = new ConcurrentHashMap<>();
  private final LongAdder beyondAll = new LongAdder();
  private final LongAdder beyondAddress = new LongAdder();

  /// Makes limits under which there is no connection yet.
  public ConnectionLimits(ConnectionSettings settings) {
    this.settings = settings;
  }

  /// Gives how many connections there are.
  public int open() {
    return open.size();
  }

  /// Gives how many connections were refused because there were too many in all.
  public long refusedByAll() {
    return beyondAll.sum();
  }

  /// Gives how many connections were refused because there were too many from their address.
  public long refusedByAddress() {
    return beyondAddress.sum();
  }

  @Override
  public void onAccepting(SelectableChannel channel) {
    InetAddress address = address(channel);
    if (address == null) {
      return; // Closed already.
    }
    if (open.size() >= settings.max()) {
      beyondAll.increment();
      IO.close(channel);
      return;
    }
    int from = byAddress.merge(address, 1, Integer::sum);
    open.put(channel, address);
    if (from > settings.perAddressMax()) {
      beyondAddress.increment();
      forget(channel);
      IO.close(channel);
    }
  }

  @Override
  public void onAcceptFailed(SelectableChannel channel, Throwable cause) {
    forget(channel);
  }

  @Override
  public void onClosed(SelectableChannel channel) {
    forget(channel);
  }

  private void forget(SelectableChannel channel) {
    InetAddress address = open.remove(channel);
    if (address != null) {
      var _ = byAddress.computeIfPresent(address, (_, count) -> count == 1 ? null : count - 1);
    }
  }

  private static @Nullable InetAddress address(SelectableChannel channel) {
    try {
      return channel instanceof SocketChannel socket
              && socket.getRemoteAddress() instanceof InetSocketAddress remote
          ? host(remote.getAddress())
          : null;
    } catch (IOException e) {
      return null;
    }
  }

  /// Gives the address that stands for a host's.
  static InetAddress host(InetAddress address) throws IOException {
    if (!(address instanceof Inet6Address)) {
      return address;
    }
    byte[] prefix = address.getAddress();
    Arrays.fill(prefix, PREFIX_BYTES, prefix.length, (byte) 0);
    return InetAddress.getByAddress(prefix);
  }
}
