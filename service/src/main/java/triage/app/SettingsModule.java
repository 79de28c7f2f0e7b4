package triage.app;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.BeanProperty;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.deser.ContextualDeserializer;
import com.fasterxml.jackson.databind.deser.std.NumberDeserializers;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// How Jackson reads the values of settings that have a notation of their own.
///
/// **Threads**: immutable.
final class SettingsModule extends SimpleModule {
  private static final long serialVersionUID = 1;

  SettingsModule() {
    super("settings");
    addDeserializer(Duration.class, new DurationReader());
    addDeserializer(Path.class, new PathReader());
    addDeserializer(Long.class, new BytesReader());
    addDeserializer(Long.TYPE, new BytesReader());
  }

  /// Reads a duration. A bare number is refused: its unit would be a guess.
  private static final class DurationReader extends StdScalarDeserializer<Duration> {
    private static final long serialVersionUID = 1;

    DurationReader() {
      super(Duration.class);
    }

    @Override
    public Duration deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      String text = text(parser, context, Duration.class);
      return Amounts.duration(text)
          .orElseThrow(() -> context.weirdStringException(text, Duration.class, "no duration"));
    }
  }

  /// Reads a path, as it is written: Jackson's own reader would take a colon for a URI's.
  private static final class PathReader extends StdScalarDeserializer<Path> {
    private static final long serialVersionUID = 1;

    PathReader() {
      super(Path.class);
    }

    @Override
    public Path deserialize(JsonParser parser, DeserializationContext context) throws IOException {
      String text = text(parser, context, Path.class);
      try {
        if (!text.isBlank()) {
          return Path.of(text);
        }
      } catch (InvalidPathException e) {
        // As below.
      }
      throw context.weirdStringException(text, Path.class, "no path");
    }
  }

  /// Reads a long; where the key's name ends in a number of bytes (`bodyBytesMax`), also `16MiB`.
  private static final class BytesReader extends StdScalarDeserializer<Long>
      implements ContextualDeserializer {
    private static final long serialVersionUID = 1;

    BytesReader() {
      super(Long.class);
    }

    @Override
    public JsonDeserializer<?> createContextual(
        DeserializationContext context, @Nullable BeanProperty property) {
      boolean bytes =
          property != null
              && (property.getName().contains("Bytes") || property.getName().startsWith("bytes"));
      return bytes ? this : NumberDeserializers.find(Long.class, Long.class.getName());
    }

    @Override
    public Long deserialize(JsonParser parser, DeserializationContext context) throws IOException {
      if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT) {
        return parser.getLongValue();
      }
      String text = text(parser, context, Bytes.class);
      OptionalLong bytes = Amounts.bytes(text);
      if (bytes.isEmpty()) {
        throw context.weirdStringException(text, Bytes.class, "no size");
      }
      return bytes.getAsLong();
    }
  }

  /// Stands for a number of bytes where Jackson's exceptions name a type.
  static final class Bytes {
    private Bytes() {}
  }

  private static String text(JsonParser parser, DeserializationContext context, Class<?> target)
      throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      context.handleUnexpectedToken(target, parser);
    }
    return parser.getText();
  }
}
