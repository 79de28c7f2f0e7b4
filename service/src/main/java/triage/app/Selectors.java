package triage.app;

import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/// Runs things on the threads that take new connections and requests on the application port, one
/// selector after the other. What is accepted waits there, and so does what is given here.
///
/// **Threads**: safe for use by several threads; what runs must not block.
final class Selectors implements Executor {
  private final List<ManagedSelector> selectors;
  private final AtomicInteger next = new AtomicInteger();

  private Selectors(List<ManagedSelector> selectors) {
    this.selectors = selectors;
  }

  /// Gives the selectors of a server that has started.
  static Selectors of(Server server) {
    for (Connector connector : server.getConnectors()) {
      if (connector instanceof ServerConnector listening
          && "application".equals(listening.getName())) {
        return new Selectors(
            List.copyOf(listening.getSelectorManager().getBeans(ManagedSelector.class)));
      }
    }
    throw new IllegalStateException("no connector application");
  }

  @Override
  public void execute(Runnable task) {
    int chosen = Math.floorMod(next.getAndIncrement(), selectors.size());
    selectors.get(chosen).submit(_ -> task.run());
  }
}
