package triage.gateway;

import org.jspecify.annotations.Nullable;

/// What a path of the Open Inference Protocol names.
///
/// **Source**: Open Inference Protocol, REST; paths with and without a version.
sealed interface OipRoute {
  /// What the path of a model begins with.
  String MODELS = "/v2/models/";

  /// What the path of an inference ends with.
  String INFER = "/infer";

  /// `/v2/health/live`
  record ServerLive() implements OipRoute {}

  /// `/v2/health/ready`
  record ServerReady() implements OipRoute {}

  /// `/v2`
  record ServerMetadata() implements OipRoute {}

  /// `/v2/models/{model}[/versions/{version}]`
  record Metadata(String model, @Nullable String version) implements OipRoute {}

  /// `/v2/models/{model}[/versions/{version}]/ready`
  record Ready(String model, @Nullable String version) implements OipRoute {}

  /// `/v2/models/{model}[/versions/{version}]/infer`
  record Infer(String model, @Nullable String version) implements OipRoute {}

  /// Anything else under `/v2`.
  record Unknown() implements OipRoute {}

  /// Gives what the path names.
  ///
  /// @param path decoded and free of dot segments
  static OipRoute of(String path) {
    String model = inferred(path);
    if (model != null) {
      return new Infer(model, null);
    }
    String[] parts = path.split("/", -1);
    // "/v2/models/m/infer" splits into "", "v2", "models", "m", "infer".
    if (parts.length == 2 || (parts.length == 3 && parts[2].isEmpty())) {
      return new ServerMetadata();
    }
    return switch (parts[2]) {
      case "health" -> health(parts);
      case "models" -> model(parts);
      default -> new Unknown();
    };
  }

  /// Gives the model in the path that nearly all requests have; null for every other one.
  private static @Nullable String inferred(String path) {
    int end = path.length() - INFER.length();
    if (end <= MODELS.length() || !path.startsWith(MODELS) || !path.endsWith(INFER)) {
      return null;
    }
    return path.indexOf('/', MODELS.length()) == end ? path.substring(MODELS.length(), end) : null;
  }

  private static OipRoute health(String[] parts) {
    if (parts.length != 4) {
      return new Unknown();
    }
    return switch (parts[3]) {
      case "live" -> new ServerLive();
      case "ready" -> new ServerReady();
      default -> new Unknown();
    };
  }

  private static OipRoute model(String[] parts) {
    if (parts.length < 4 || parts[3].isEmpty()) {
      return new Unknown();
    }
    boolean versioned = parts.length >= 6 && parts[4].equals("versions");
    String version = versioned ? parts[5] : null;
    int rest = versioned ? 6 : 4;
    if (parts.length == rest) {
      return new Metadata(parts[3], version);
    }
    if (parts.length > rest + 1) {
      return new Unknown();
    }
    return switch (parts[rest]) {
      case "infer" -> new Infer(parts[3], version);
      case "ready" -> new Ready(parts[3], version);
      default -> new Unknown();
    };
  }
}
