package triage.app;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.type.LogicalType;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import com.fasterxml.jackson.module.paramnames.ParameterNamesModule;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Reads settings, strictly: what is not understood to the last key stops the start.
///
/// One file holds one YAML document; there is no merging of files, no aliases, and no substitution:
/// secrets come from files, or from environment variables that a setting names.
///
/// **How a room writes its settings**: a record, checked in its compact constructor by
/// `IllegalArgumentException` of the form `key: value (expected: rule)`, with a static `of` marked
/// `@JsonCreator` that takes each component boxed and nullable and puts the default where there is
/// null. A key that is missing and a key without a value (`port:`) are both null. A `long` whose
/// name holds `Bytes` may be written `16MiB`.
///
/// **Threads**: no state.
public final class SettingsLoader {
  private static final long FILE_BYTES_MAX = 1 << 20;

  private SettingsLoader() {}

  /// Gives the settings that a file describes.
  ///
  /// @throws SettingsException one line: file, the key's full path, value, rule
  public static Settings load(Path file) {
    return read(file, Settings.class);
  }

  /// Gives the folder of a settings file, where the relative paths of most settings start.
  public static Path folder(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    return folder == null ? file.toAbsolutePath() : folder;
  }

  /// Gives what a file describes, as one of `type`.
  ///
  /// @throws SettingsException one line: file, the key's full path, value, rule
  public static <T> T read(Path file, Class<T> type) {
    return parse(file, text(file), type);
  }

  /// Gives what a text describes, as one of `type`.
  ///
  /// @param file where the text is from, for messages
  static <T> T parse(Path file, String text, Class<T> type) {
    YAMLMapper mapper = mapper();
    String document = isEmpty(file, mapper, text) ? "{}" : text;
    try (JsonParser parser = mapper.createParser(document)) {
      try {
        return mapper.readValue(parser, type);
      } catch (JsonProcessingException e) {
        throw Complaint.about(file, "", e);
      }
    } catch (IOException e) {
      throw new IllegalStateException("reading from memory failed", e);
    }
  }

  private static String text(Path file) {
    try {
      if (Files.isDirectory(file)) {
        throw new SettingsException(file + ": is a folder (expected: a settings file)");
      }
      if (Files.size(file) > FILE_BYTES_MAX) {
        throw new SettingsException(file + ": too large (expected: <= 1 MiB)");
      }
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new SettingsException(file + ": not there (expected: a settings file)", e);
    } catch (CharacterCodingException e) {
      throw new SettingsException(file + ": not UTF-8 (expected: YAML text)", e);
    } catch (IOException e) {
      throw new SettingsException(
          file + ": cannot be read: " + e.getClass().getSimpleName() + " (expected: YAML text)", e);
    }
  }

  /// Looks at what Jackson's data binding would let pass, and says whether there is no document.
  private static boolean isEmpty(Path file, YAMLMapper mapper, String text) {
    try (YAMLParser parser = mapper.getFactory().createParser(text)) {
      try {
        boolean empty = true;
        int documents = 0;
        int depth = 0;
        for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
          if (parser.isCurrentAlias()) {
            throw Complaint.about(file, parser, "an alias (expected: the value itself)");
          }
          if (depth == 0) {
            documents++;
            empty &= token == JsonToken.VALUE_NULL;
          }
          depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
        }
        if (documents > 1) {
          throw new SettingsException(file + ": several documents (expected: one)");
        }
        return empty;
      } catch (JsonProcessingException e) {
        throw Complaint.about(file, "", e);
      }
    } catch (IOException e) {
      throw new IllegalStateException("reading from memory failed", e);
    }
  }

  private static YAMLMapper mapper() {
    YAMLMapper mapper =
        YAMLMapper.builder(
                YAMLFactory.builder().enable(YAMLParser.Feature.EMPTY_STRING_AS_NULL).build())
            .addModule(new ParameterNamesModule())
            .addModule(new SettingsModule())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(
                DeserializationFeature.FAIL_ON_TRAILING_TOKENS,
                DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES,
                DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .withCoercionConfigDefaults(coercions ->
                coercions.setCoercion(CoercionInputShape.EmptyString, CoercionAction.Fail))
            .withCoercionConfig(
                LogicalType.Textual,
                coercions ->
                    coercions
                        .setCoercion(CoercionInputShape.EmptyString, CoercionAction.TryConvert)
                        .setCoercion(CoercionInputShape.Integer, CoercionAction.TryConvert)
                        .setCoercion(CoercionInputShape.Float, CoercionAction.TryConvert)
                        .setCoercion(CoercionInputShape.Boolean, CoercionAction.TryConvert))
            .build();
    mapper.setDefaultSetterInfo(JsonSetter.Value.forContentNulls(Nulls.FAIL));
    return mapper;
  }
}
