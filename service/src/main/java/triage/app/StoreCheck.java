package triage.app;

import com.codahale.metrics.health.HealthCheck;
import triage.store.Store;
import triage.store.StoreHealth;

/// Whether the store answers.
///
/// **Threads**: safe for use by several threads.
final class StoreCheck extends HealthCheck {
  private final Store store;

  StoreCheck(Store store) {
    this.store = store;
  }

  @Override
  protected Result check() {
    return switch (store.health()) {
      case StoreHealth.Ok() -> Result.healthy();
      case StoreHealth.Down(String reason) -> Result.unhealthy(reason);
    };
  }
}
