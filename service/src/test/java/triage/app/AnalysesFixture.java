package triage.app;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/// What all tests of analyses stand on: a service of their own, and a model server that is free
/// again after each.
abstract class AnalysesFixture {
  @TempDir static Path folder;
  static RunningAnalyses analyses;
  static RunningService service;
  static FakeModelServer server;
  static String row;

  @BeforeAll
  static void start() throws Exception {
    analyses = RunningAnalyses.start(folder);
    service = analyses.service();
    server = analyses.server();
    row = analyses.row();
  }

  @AfterAll
  static void stop() throws Exception {
    analyses.close();
  }

  @AfterEach
  void letTheModelAnswer() {
    analyses.letTheModelAnswer();
  }
}
