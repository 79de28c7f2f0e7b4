package triage.app;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.dropwizard.servlets.tasks.Task;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// `POST /tasks/thread-dump`: what every thread is doing, virtual ones included, as text.
///
/// **Threads**: safe for use by several threads; each writes a file of its own and deletes it.
final class ThreadDumpTask extends Task {
  ThreadDumpTask() {
    super("thread-dump", "text/plain;charset=utf-8");
  }

  @Override
  public void execute(Map<String, List<String>> parameters, PrintWriter output) throws IOException {
    Path folder = Files.createTempDirectory("triage-threads");
    Path file = folder.resolve("dump.txt");
    try {
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .dumpThreads(file.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
      output.print(Files.readString(file, StandardCharsets.UTF_8));
    } finally {
      Files.deleteIfExists(file);
      Files.delete(folder);
    }
  }
}
