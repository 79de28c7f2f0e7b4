package triage.analysis;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The forms in which callers read jobs. The same job always gives the same bytes.
///
/// **Threads**: no state.
final class JobJson {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int TOLD_MAX = 4_096;

  private JobJson() {}

  /// Gives the path of a job.
  static String path(UUID id) {
    return "/api/v1/jobs/" + id;
  }

  /// Gives what a caller learns whose job was accepted: only what never changes.
  static byte[] accepted(UUID id) {
    return bytes(json -> {
      json.writeStartObject();
      json.writeStringField("id", id.toString());
      json.writeStringField("location", path(id));
      json.writeEndObject();
    });
  }

  /// Gives a job as it is.
  static byte[] job(Job job) {
    return bytes(json -> write(json, job));
  }

  /// Gives a job that waits for a version of its model that is not served here.
  static byte[] unserved(Job job) {
    return bytes(json -> write(json, job, true));
  }

  /// Gives what the caller of a job learns whose content the model refused: a problem of RFC 9457.
  static byte[] problem(Job job, Ending ending) {
    return bytes(json -> {
      json.writeStartObject();
      json.writeStringField("type", "about:blank");
      json.writeStringField("title", "Refused by the model");
      json.writeNumberField("status", ending.status());
      json.writeStringField("detail", "the model refused this input; `job` holds what it said");
      optional(json, "reason", ending.reason());
      json.writeFieldName("job");
      write(json, job);
      json.writeEndObject();
    });
  }

  /// Gives several jobs. One whose result was left out says where to read it.
  ///
  /// @param unserved which of them wait for a version that is not served here
  static byte[] jobs(Iterable<Job> jobs, Predicate<Job> unserved) {
    return bytes(json -> {
      json.writeStartObject();
      json.writeArrayFieldStart("jobs");
      for (Job job : jobs) {
        json.writeStartObject();
        members(json, job, unserved.test(job));
        Ending ending = job.ending();
        if (job.state() == JobState.DONE && ending != null && ending.result() == null) {
          json.writeStringField("location", path(job.id()));
        }
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    });
  }

  /// Gives a page of a list of jobs.
  ///
  /// @param others whether there are jobs of others among them: then it says whose each is, and
  ///     nothing of the subjects
  /// @param next the path of the next page, or `null`
  static byte[] page(Iterable<Job> jobs, boolean others, @Nullable String next) {
    return bytes(json -> {
      json.writeStartObject();
      json.writeArrayFieldStart("jobs");
      for (Job job : jobs) {
        json.writeStartObject();
        if (others) {
          json.writeStringField("caller", job.caller());
          members(json, job.withoutSubject(), false);
        } else {
          members(json, job, false);
        }
        json.writeEndObject();
      }
      json.writeEndArray();
      optional(json, "next", next);
      json.writeEndObject();
    });
  }

  /// Tells whether bytes are one JSON value in UTF-8, as an answer must be to be shown within a
  /// job. Jackson would guess the encoding, and pass over a byte order mark.
  ///
  /// **Source**: RFC 8259, section 8.1.
  static boolean isJson(byte[] bytes) {
    CharsetDecoder strict = StandardCharsets.UTF_8.newDecoder();
    try (JsonParser json =
        JSON.createParser(new InputStreamReader(new ByteArrayInputStream(bytes), strict))) {
      if (json.nextToken() == null) {
        return false;
      }
      json.skipChildren();
      return json.nextToken() == null;
    } catch (IOException e) {
      return false;
    }
  }

  /// Gives what a model server said when it refused, as text of bounded length.
  static String told(byte[] answer) {
    int length = Math.min(answer.length, TOLD_MAX);
    return new String(answer, 0, length, StandardCharsets.UTF_8).replace('\0', '?');
  }

  private static void write(JsonGenerator json, Job job) throws IOException {
    write(json, job, false);
  }

  private static void write(JsonGenerator json, Job job, boolean unserved) throws IOException {
    json.writeStartObject();
    members(json, job, unserved);
    json.writeEndObject();
  }

  private static void members(JsonGenerator json, Job job, boolean unserved) throws IOException {
    Submission asked = job.submission();
    json.writeStringField("id", job.id().toString());
    json.writeStringField("state", job.state().shown());
    json.writeStringField("model", asked.model());
    optional(json, "version", asked.version());
    optional(json, "study", asked.study());
    optional(json, "site", asked.site());
    optional(json, "subject", asked.subject());
    json.writeStringField("criticality", job.criticality().name());
    json.writeStringField("createdAt", job.createdAt().toString());
    json.writeNumberField("attempts", job.attempts());
    Ending ending = job.ending();
    if (ending != null) {
      json.writeStringField("finishedAt", String.valueOf(job.endedAt()));
      write(json, ending);
    } else if (unserved) {
      json.writeStringField("reason", JobView.NOT_SERVED);
      json.writeStringField(
          "detail", "this version of the model is not served any more; it waits until it is");
    }
  }

  private static void write(JsonGenerator json, Ending ending) throws IOException {
    if (ending.status() > 0) {
      json.writeNumberField("status", ending.status());
    }
    optional(json, "reason", ending.reason());
    optional(json, "detail", ending.detail());
    optional(json, "backend", ending.backend());
    byte[] result = ending.result();
    if (result != null) {
      json.writeFieldName("result");
      json.writeRawValue(new String(result, StandardCharsets.UTF_8));
    }
  }

  static void optional(JsonGenerator json, String name, @Nullable String value) throws IOException {
    if (value != null) {
      json.writeStringField(name, value);
    }
  }

  static byte[] bytes(Writing writing) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(512);
    try (JsonGenerator json = JSON.createGenerator(out, JsonEncoding.UTF8)) {
      writing.to(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /// Something written as JSON.
  @FunctionalInterface
  interface Writing {
    void to(JsonGenerator json) throws IOException;
  }
}
