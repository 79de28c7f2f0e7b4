package triage.backend;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Virtual threads that run on the thread which starts or wakes them, as far as that selects for
/// Jetty and has some of its turn left ([SelectingThread]), and else on the JVM's carriers, as all
/// virtual threads do. To wake a carrier that sleeps costs more than much of what is done for a
/// request.
///
/// Nothing that takes long may run so, since others wait for the thread that selects: who has such
/// work to do calls [#leave] before. To wait takes nobody's time. A virtual thread of
/// the JDK's that one of these starts goes on where the one that started it would.
///
/// The JDK has no public way to say where a virtual thread runs. Where the inner one is closed,
/// because the program was started without `--add-opens=java.base/java.lang=ALL-UNNAMED` or the JDK
/// is another one, all of them run on carriers.
///
/// **Threads**: safe for use by several threads.
public final class InPlaceThreads implements ThreadFactory {
  private static final Logger LOG = LoggerFactory.getLogger(InPlaceThreads.class);
  private static final ScopedValue<Place> PLACE = ScopedValue.newInstance();
  private static final String NAME = "exchange-";

  private final MethodHandle maker;
  private final Executor carriers;
  private final AtomicLong made = new AtomicLong();

  private InPlaceThreads(MethodHandle maker, Executor carriers) {
    this.maker = maker;
    this.carriers = carriers;
  }

  /// Makes a factory of such threads, or of those that always run on carriers where the JDK is
  /// closed, which it logs.
  public static ThreadFactory factory() {
    try {
      return opened(
          (Executor)
              lookup(Thread.class)
                  .findStatic(
                      Class.forName("java.lang.VirtualThread"),
                      "defaultScheduler",
                      MethodType.methodType(Executor.class))
                  .invoke());
    } catch (Error e) {
      throw e;
    } catch (Throwable e) {
      LOG.warn("event=threads-not-in-place reason={}", e.toString());
      return Thread.ofVirtual().name(NAME, 0).factory();
    }
  }

  /// Makes a factory of threads that run on these carriers where they do not run in place.
  ///
  /// @throws ReflectiveOperationException if the JDK is another one
  /// @throws RuntimeException if it is closed
  static InPlaceThreads opened(Executor carriers) throws ReflectiveOperationException {
    MethodHandle maker =
        lookup(Thread.class)
            .findStatic(
                Class.forName("java.lang.ThreadBuilders"),
                "newVirtualThread",
                MethodType.methodType(
                    Thread.class, Executor.class, String.class, int.class, Runnable.class));
    return new InPlaceThreads(maker, carriers);
  }

  private static MethodHandles.Lookup lookup(Class<?> within) throws IllegalAccessException {
    return MethodHandles.privateLookupIn(within, MethodHandles.lookup());
  }

  @Override
  public Thread newThread(Runnable task) {
    Place place = new Place(carriers);
    Runnable placed = () -> ScopedValue.where(PLACE, place).run(task);
    try {
      return (Thread) maker.invokeExact((Executor) place, NAME + made.getAndIncrement(), 0, placed);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /// Has the thread that calls it go on on a carrier, and run in place no more: what comes may take
  /// long. Does nothing to a thread of another kind.
  @SuppressWarnings("ThreadPriorityCheck") // It is for our own Place to say where it goes on.
  public static void leave() {
    if (PLACE.isBound() && !PLACE.get().left) {
      PLACE.get().left = true;
      Thread.yield();
    }
  }

  /// Where one thread goes on when it is started or woken.
  private static final class Place implements Executor {
    private final Executor carriers;
    private volatile boolean left;

    private Place(Executor carriers) {
      this.carriers = carriers;
    }

    @Override
    public void execute(Runnable stretch) {
      if (left || !SelectingThread.run(stretch)) {
        carriers.execute(stretch);
      }
    }
  }
}
