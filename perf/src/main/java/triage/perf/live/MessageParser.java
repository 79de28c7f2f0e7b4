package triage.perf.live;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Reads HTTP/1.1 messages, requests or responses, in whatever pieces they come.
///
/// It keeps the start line and the few header fields that load needs, and skips the body. Interim
/// responses (1xx) are passed over.
///
/// **Errors**: [MalformedException] for what is not such a message; the parser is then of no more
/// use.
///
/// **Threads**: confined to one thread.
final class MessageParser {
  /// What is not a message, or one beyond our limits.
  static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1;

    private MalformedException(String message) {
      super(message);
    }
  }

  private enum Part {
    START_LINE,
    FIELDS,
    BODY,
    BODY_TO_THE_END,
    CHUNK_SIZE,
    CHUNK,
    CHUNK_END,
    TRAILERS
  }

  private static final int LINE_BYTES_MAX = 8 << 10;
  private static final int FIELDS_MAX = 200;
  private static final byte[] CONTENT_LENGTH = name("content-length");
  private static final byte[] TRANSFER_ENCODING = name("transfer-encoding");
  private static final byte[] CONNECTION = name("connection");
  private static final byte[] TRIAGE_REASON = name("triage-reason");
  private static final byte[] LOAD_FORMAT = name("endpoint-load-metrics-format");

  private final boolean responses;
  private byte[] line = new byte[256];
  private int length;
  private Part part = Part.START_LINE;
  private String startLine = "";
  private int status;
  private int fields;
  private long left;
  private boolean chunked;
  private boolean lasting;
  private String reason = "";
  private boolean asksForLoad;

  private MessageParser(boolean responses) {
    this.responses = responses;
    begin();
  }

  /// Makes one that reads responses.
  static MessageParser ofResponses() {
    return new MessageParser(true);
  }

  /// Makes one that reads requests.
  static MessageParser ofRequests() {
    return new MessageParser(false);
  }

  private static byte[] name(String lowerCase) {
    return lowerCase.getBytes(StandardCharsets.US_ASCII);
  }

  /// Forgets the message so far and waits for the next one.
  void begin() {
    part = Part.START_LINE;
    length = 0;
    status = 0;
    fields = 0;
    // Where a response names no length, its body goes on to the end of the connection.
    left = responses ? -1 : 0;
    chunked = false;
    lasting = true;
    reason = "";
    asksForLoad = false;
  }

  /// Takes bytes up to the end of the message; what lies behind it stays in the buffer.
  ///
  /// @return whether the message is whole
  boolean parse(ByteBuffer bytes) throws MalformedException {
    while (bytes.hasRemaining()) {
      switch (part) {
        case BODY_TO_THE_END -> bytes.position(bytes.limit());
        case BODY, CHUNK -> {
          int taken = (int) Math.min(left, bytes.remaining());
          bytes.position(bytes.position() + taken);
          left -= taken;
          if (left == 0 && part == Part.BODY) {
            return true;
          }
          if (left == 0) {
            part = Part.CHUNK_END;
          }
        }
        case START_LINE, FIELDS, CHUNK_SIZE, CHUNK_END, TRAILERS -> {
          if (takeLine(bytes) && endLine()) {
            return true;
          }
        }
      }
    }
    return false;
  }

  /// Says whether the message is whole now that the other side has closed.
  boolean endsHere() {
    return part == Part.BODY_TO_THE_END;
  }

  /// Gives the status of a response.
  int status() {
    return status;
  }

  /// Gives the first line of a request, without its line break.
  String startLine() {
    return startLine;
  }

  /// Gives the value of `Triage-Reason`, or an empty string.
  String reason() {
    return reason;
  }

  /// Says whether a request wants to be told of the server's load, as text.
  boolean asksForLoad() {
    return asksForLoad;
  }

  /// Says whether the connection stays usable after this message.
  boolean lasting() {
    return lasting && part != Part.BODY_TO_THE_END;
  }

  private boolean takeLine(ByteBuffer bytes) throws MalformedException {
    while (bytes.hasRemaining()) {
      byte next = bytes.get();
      if (next == '\n') {
        if (length > 0 && line[length - 1] == '\r') {
          length--;
        }
        return true;
      }
      if (length == line.length) {
        if (length == LINE_BYTES_MAX) {
          throw new MalformedException("a line of more than " + LINE_BYTES_MAX + " bytes");
        }
        line = Arrays.copyOf(line, length * 2);
      }
      line[length++] = next;
    }
    return false;
  }

  private boolean endLine() throws MalformedException {
    boolean whole = false;
    switch (part) {
      case START_LINE -> start();
      case FIELDS -> whole = length == 0 ? headEnded() : field();
      case CHUNK_SIZE -> chunkSize();
      case CHUNK_END -> part = Part.CHUNK_SIZE;
      case TRAILERS -> whole = length == 0;
      case BODY, BODY_TO_THE_END, CHUNK -> throw new IllegalStateException("not in a line");
    }
    length = 0;
    return whole;
  }

  private void start() throws MalformedException {
    if (length == 0 && !responses) {
      return;
    }
    if (!responses) {
      startLine = text(0, length);
    } else if (length >= 12 && line[0] == 'H' && line[8] == ' ') {
      status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + line[11] - '0';
    } else {
      throw new MalformedException("not a status line: " + beginning());
    }
    part = Part.FIELDS;
  }

  private boolean headEnded() {
    if (responses && status / 100 == 1) {
      begin();
      return false;
    }
    if (responses && (status == 204 || status == 304)) {
      return true;
    }
    part = chunked ? Part.CHUNK_SIZE : left < 0 ? Part.BODY_TO_THE_END : Part.BODY;
    return part == Part.BODY && left == 0;
  }

  private boolean field() throws MalformedException {
    if (++fields > FIELDS_MAX) {
      throw new MalformedException("more than " + FIELDS_MAX + " header fields");
    }
    if (named(CONTENT_LENGTH)) {
      left = number(valueStart(CONTENT_LENGTH), 10);
    } else if (named(TRANSFER_ENCODING)) {
      chunked = text(valueStart(TRANSFER_ENCODING), length).equalsIgnoreCase("chunked");
    } else if (named(CONNECTION)) {
      lasting = !text(valueStart(CONNECTION), length).equalsIgnoreCase("close");
    } else if (named(TRIAGE_REASON)) {
      reason = text(valueStart(TRIAGE_REASON), length);
    } else if (named(LOAD_FORMAT)) {
      asksForLoad = text(valueStart(LOAD_FORMAT), length).equalsIgnoreCase("text");
    }
    return false;
  }

  private void chunkSize() throws MalformedException {
    left = number(0, 16);
    part = left == 0 ? Part.TRAILERS : Part.CHUNK;
  }

  private boolean named(byte[] name) {
    if (length <= name.length || line[name.length] != ':') {
      return false;
    }
    for (int i = 0; i < name.length; i++) {
      byte letter = line[i];
      if ((letter >= 'A' && letter <= 'Z' ? letter + 32 : letter) != name[i]) {
        return false;
      }
    }
    return true;
  }

  private int valueStart(byte[] name) {
    int start = name.length + 1;
    while (start < length && line[start] == ' ') {
      start++;
    }
    return start;
  }

  private long number(int start, int radix) throws MalformedException {
    int end = start;
    while (end < length && Character.digit(line[end], radix) >= 0) {
      end++;
    }
    if (end == start || end - start > 15) {
      throw new MalformedException("not a size: " + beginning());
    }
    return Long.parseLong(text(start, end), radix);
  }

  private String beginning() {
    return text(0, Math.min(length, 80));
  }

  private String text(int start, int end) {
    return new String(line, start, end - start, StandardCharsets.ISO_8859_1).trim();
  }
}
