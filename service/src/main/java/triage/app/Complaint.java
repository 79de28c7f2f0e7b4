package triage.app;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.core.exc.StreamReadException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.InvalidNullException;
import com.fasterxml.jackson.databind.exc.InvalidTypeIdException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/// Turns what Jackson says about a settings file into one line for the operator: file, the key's
/// full path, value, rule.
///
/// **Threads**: no state.
final class Complaint {
  private static final int VALUE_LENGTH_MAX = 100;

  /// How the texts of our records' checks begin: with the key that is wrong.
  private static final Pattern KEY_FIRST = Pattern.compile("[A-Za-z][A-Za-z0-9]*[.:,\\[].*");

  private Complaint() {}

  /// Gives the exception for what is wrong at the place where a parser stands.
  static SettingsException about(Path file, JsonParser parser, String what) {
    String path = path(parser.getParsingContext());
    return new SettingsException(file + ": " + (path.isEmpty() ? what : path + ": " + what));
  }

  /// Gives the exception for what Jackson found.
  ///
  /// @param prefix the path of the key under which Jackson was reading; empty at the top
  static SettingsException about(Path file, String prefix, JsonProcessingException found) {
    String line =
        found instanceof JsonMappingException mapping
            ? mappingLine(joined(prefix, path(mapping)), mapping)
            : syntaxLine(found);
    return new SettingsException(file + ": " + oneLine(line), found);
  }

  private static String mappingLine(String path, JsonMappingException e) {
    Throwable cause = rootCause(e);
    if (e instanceof UnrecognizedPropertyException unknown) {
      List<String> known = unknown.getKnownPropertyIds().stream().map(String::valueOf).toList();
      return path + ": unknown key (" + Spelling.suggestion(unknown.getPropertyName(), known) + ")";
    }
    if (cause instanceof IllegalArgumentException && cause.getMessage() != null) {
      boolean keyFirst = KEY_FIRST.matcher(cause.getMessage()).matches();
      return keyFirst ? joined(path, cause.getMessage()) : prefixed(path, cause.getMessage());
    }
    if (e instanceof InvalidTypeIdException type) {
      return joined(path, "type: " + quoted(type.getTypeId()) + " (expected: a type that exists)");
    }
    if (e instanceof InvalidNullException) {
      return prefixed(path, "no value (expected: a value)");
    }
    if (cause instanceof InputCoercionException number) {
      return prefixed(
          path,
          value(number.getProcessor()) + " (expected: " + rangeOf(number.getTargetType()) + ")");
    }
    if (e instanceof InvalidFormatException format) {
      Object given = format.getValue();
      String value = given instanceof String text ? quoted(text) : String.valueOf(given);
      return prefixed(path, value + " (expected: " + rule(format.getTargetType()) + ")");
    }
    if (e instanceof MismatchedInputException mismatch
        && mismatch.getProcessor() instanceof JsonParser parser) {
      return prefixed(path, value(parser) + " (expected: " + rule(mismatch.getTargetType()) + ")");
    }
    return cause instanceof StreamReadException
        ? syntaxLine(e)
        : prefixed(path, "cannot be used: " + e.getOriginalMessage());
  }

  private static String syntaxLine(JsonProcessingException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof MarkedYAMLException yaml && yaml.getProblemMark() != null) {
        Mark mark = yaml.getProblemMark();
        return place(mark.getLine() + 1, mark.getColumn() + 1) + yaml.getProblem();
      }
    }
    if (e.getProcessor() instanceof JsonParser parser
        && e.getOriginalMessage().startsWith("Duplicate field")) {
      return path(parser.getParsingContext()) + ": given twice (expected: once)";
    }
    JsonLocation location = e.getLocation();
    String place = location == null ? "" : place(location.getLineNr(), location.getColumnNr());
    return place + e.getOriginalMessage();
  }

  private static String place(int line, int column) {
    return "line " + line + ", column " + column + ": not valid YAML: ";
  }

  private static Throwable rootCause(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  private static String path(JsonMappingException e) {
    StringBuilder path = new StringBuilder();
    for (JsonMappingException.Reference step : e.getPath()) {
      if (step.getFieldName() == null) {
        path.append('[').append(step.getIndex()).append(']');
      } else {
        path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
      }
    }
    return path.toString();
  }

  private static String path(JsonStreamContext at) {
    JsonStreamContext parent = at.getParent();
    String path = parent == null ? "" : path(parent);
    if (at.inArray()) {
      return path + "[" + at.getCurrentIndex() + "]";
    }
    return at.getCurrentName() == null ? path : joined(path, at.getCurrentName());
  }

  private static String joined(String path, String rest) {
    return path.isEmpty() || rest.isEmpty() || rest.startsWith("[")
        ? path + rest
        : path + "." + rest;
  }

  private static String prefixed(String path, String text) {
    return path.isEmpty() ? text : path + ": " + text;
  }

  private static String value(@Nullable Object processor) {
    if (!(processor instanceof JsonParser parser)) {
      return "the value";
    }
    JsonToken token = parser.currentToken();
    try {
      return switch (token) {
        case null -> "no value";
        case START_OBJECT, FIELD_NAME, END_OBJECT -> "a mapping";
        case START_ARRAY, END_ARRAY -> "a list";
        case VALUE_NULL -> "no value";
        case VALUE_STRING -> quoted(parser.getText());
        default -> quotedless(parser.getText());
      };
    } catch (IOException e) {
      return "the value";
    }
  }

  /// Gives the word for a constant in a file.
  private static String wire(Object constant) {
    return new ObjectMapper().convertValue(constant, String.class);
  }

  private static String rule(@Nullable Class<?> type) {
    if (type == null) {
      return "another kind of value";
    }
    if (type.isEnum()) {
      return Arrays.stream(type.getEnumConstants())
          .map(Complaint::wire)
          .collect(Collectors.joining(", ", "one of ", ""));
    }
    if (type == Duration.class) {
      return Amounts.DURATION_RULE;
    }
    if (type == SettingsModule.Bytes.class) {
      return Amounts.BYTES_RULE;
    }
    if (type == Path.class) {
      return "a path";
    }
    if (type == URI.class) {
      return "an address such as http://127.0.0.1:9100";
    }
    if (type == String.class) {
      return "text";
    }
    if (type == Boolean.class || type == boolean.class) {
      return "true or false";
    }
    if (type == Double.class || type == double.class) {
      return "a number";
    }
    if (Number.class.isAssignableFrom(type) || type.isPrimitive()) {
      return "a whole number";
    }
    return Collection.class.isAssignableFrom(type) ? "a list" : "a mapping of keys to values";
  }

  private static String rangeOf(Class<?> type) {
    boolean large = type == Long.class || type == long.class;
    return "a whole number up to " + (large ? Long.MAX_VALUE : Integer.MAX_VALUE);
  }

  private static String quoted(String text) {
    return '"' + quotedless(text) + '"';
  }

  private static String quotedless(String text) {
    return text.length() <= VALUE_LENGTH_MAX ? text : text.substring(0, VALUE_LENGTH_MAX) + "...";
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s*\\p{Cntrl}\\s*", " ").strip();
  }
}
