package triage.backend;

import java.io.IOException;
import java.nio.channels.Selector;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SelectorManager;

/// A selector, on both sides, whose thread may do some work in place each time it has looked for
/// what has come: see [InPlaceThreads].
///
/// **Threads**: as its superclass: one selects at a time.
public final class HttpSelector extends ManagedSelector {
  /// Makes one of a manager's.
  public HttpSelector(SelectorManager manager, int id) {
    super(manager, id);
  }

  @Override
  protected int select(Selector selector) throws IOException {
    int selected = super.select(selector);
    SelectingThread.looked();
    return selected;
  }
}
