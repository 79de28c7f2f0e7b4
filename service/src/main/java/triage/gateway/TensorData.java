package triage.gateway;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import triage.backend.Datatype;

/// The data of a tensor as they were sent: in JSON, flat or nested, or in raw bytes; read before
/// the shape may be known, and in JSON before the datatype may be.
///
/// Numbers in JSON are kept as doubles, and as longs beside them for as long as all are whole,
/// since a double does not hold every INT64. Of one beyond INT64 the long has the bits of a UINT64.
///
/// **Threads**: confined to one.
final class TensorData {
  private static final int DIMENSIONS_MAX = 8;
  private static final int UINT64_DIGITS = 20;

  private double[] values = new double[32];
  private long @Nullable [] wholes = new long[32];
  private int size;
  private @Nullable ByteBuffer raw;
  private @Nullable String fault;

  /// The strings, for as long as all elements are.
  private TextData texts = new TextData();

  /// Where the first of some kind stands: a string; what is none; true or false; a number beyond
  /// INT64; one beyond UINT64, not counting those that are merely below 0. -1 for none.
  private int firstText = -1;

  private int firstOther = -1;
  private int firstBoolean = -1;
  private int firstBeyond = -1;
  private int firstBeyondUnsigned = -1;

  /// How many elements the arrays of each depth have; -1 while none was seen.
  private final long[] dimensions = new long[DIMENSIONS_MAX];

  private int depth;

  private TensorData() {
    Arrays.fill(dimensions, -1);
  }

  /// Reads the value that the parser stands at. Faults of content are kept until the tensor's name
  /// is known.
  ///
  /// @throws IOException if the JSON itself is broken
  static TensorData read(JsonParser json) throws IOException {
    TensorData data = new TensorData();
    if (json.isExpectedStartArrayToken()) {
      data.readArray(json, 0);
    } else {
      json.skipChildren();
      data.fault = "`data` must be an array";
    }
    return data;
  }

  /// Reads raw bytes: the elements one after the other, little-endian, strings each after their
  /// length in 4 bytes. Faults of content are kept.
  static TensorData of(Datatype datatype, ByteBuffer bytes) {
    TensorData data = new TensorData();
    data.depth = 1;
    ByteBuffer elements = bytes.order(ByteOrder.LITTLE_ENDIAN);
    if (datatype == Datatype.BYTES) {
      data.raw = elements.slice();
      data.texts = TextData.of(elements);
      data.size = data.texts.size();
      return data;
    }
    int width = RawTensor.width(datatype);
    if (elements.remaining() % width != 0) {
      data.fault =
          "`binary_data_size` is "
              + elements.remaining()
              + " (expected: a multiple of "
              + width
              + ", the size of one "
              + datatype
              + ")";
      return data;
    }
    data.raw = elements.slice();
    data.size = elements.remaining() / width;
    data.checkRaw(datatype, elements);
    return data;
  }

  private void checkRaw(Datatype datatype, ByteBuffer elements) {
    if (datatype != Datatype.BOOL && RawTensor.isWhole(datatype)) {
      return;
    }
    for (int i = 0; i < size; i++) {
      boolean right =
          datatype == Datatype.BOOL
              ? RawTensor.whole(datatype, elements) <= 1
              : Double.isFinite(RawTensor.real(datatype, elements));
      if (!right) {
        fault("`data` has a number out of range at element " + i);
        return;
      }
    }
  }

  private void readArray(JsonParser json, int level) throws IOException {
    if (level == DIMENSIONS_MAX) {
      fault("`data` is nested deeper than " + DIMENSIONS_MAX + " levels");
      json.skipChildren();
      return;
    }
    depth = Math.max(depth, level + 1);
    long count = 0;
    boolean arrays = false;
    boolean elements = false;
    for (JsonToken token = json.nextToken();
        token != JsonToken.END_ARRAY;
        token = json.nextToken()) {
      switch (token) {
        case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT, VALUE_TRUE, VALUE_FALSE -> {
          elements = true;
          addValue(json, token);
        }
        case VALUE_STRING -> {
          elements = true;
          addText(json);
        }
        case START_ARRAY -> {
          arrays = true;
          readArray(json, level + 1);
        }
        default -> {
          fault("`data` has neither a number nor a string nor a boolean at element " + size);
          json.skipChildren();
        }
      }
      count++;
    }
    if (arrays && elements) {
      fault("`data` mixes elements and arrays");
    }
    if (dimensions[level] >= 0 && dimensions[level] != count) {
      fault("`data` is ragged: its arrays of one depth differ in length");
    }
    dimensions[level] = count;
  }

  private void addText(JsonParser json) throws IOException {
    firstText = firstText < 0 ? size : firstText;
    if (firstOther < 0) {
      texts.add(json.getText());
    }
    size++;
  }

  private void addValue(JsonParser json, JsonToken token) throws IOException {
    firstOther = firstOther < 0 ? size : firstOther;
    if (firstText >= 0) {
      // No tensor has both: what is wrong depends on its datatype.
      size++;
      return;
    }
    switch (token) {
      case VALUE_TRUE, VALUE_FALSE -> {
        firstBoolean = firstBoolean < 0 ? size : firstBoolean;
        addWhole(token == JsonToken.VALUE_TRUE ? 1 : 0, token == JsonToken.VALUE_TRUE ? 1 : 0);
      }
      case VALUE_NUMBER_INT -> {
        if (json.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
          addBeyond(json);
        } else {
          addWhole(json.getLongValue(), json.getDoubleValue());
        }
      }
      default -> {
        wholes = null;
        add(json.getDoubleValue());
      }
    }
  }

  private void addBeyond(JsonParser json) throws IOException {
    firstBeyond = firstBeyond < 0 ? size : firstBeyond;
    long bits = 0;
    // Those that are longer need not be read: that takes the square of their length.
    BigInteger value = json.getTextLength() > UINT64_DIGITS ? null : json.getBigIntegerValue();
    if (value != null && value.signum() > 0 && value.bitLength() <= Long.SIZE) {
      bits = value.longValue();
    } else {
      firstBeyondUnsigned = firstBeyondUnsigned < 0 ? size : firstBeyondUnsigned;
    }
    addWhole(bits, json.getDoubleValue());
  }

  private void addWhole(long value, double near) {
    long[] kept = wholes;
    if (kept != null) {
      kept = size == kept.length ? Arrays.copyOf(kept, size * 2) : kept;
      kept[size] = value;
      wholes = kept;
    }
    add(near);
  }

  private void add(double value) {
    if (!Double.isFinite(value)) {
      fault("`data` has a number out of range at element " + size);
    }
    if (size == values.length) {
      values = Arrays.copyOf(values, size * 2);
    }
    values[size++] = value;
  }

  private void fault(String text) {
    if (fault == null) {
      fault = text;
    }
  }

  /// Gives the elements as raw bytes, little-endian. To be asked once there is no fault.
  ByteBuffer elements(Datatype datatype) {
    if (raw != null) {
      return raw;
    }
    if (datatype == Datatype.BYTES) {
      return texts.elements();
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(size, RawTensor.width(datatype)))
            .order(ByteOrder.LITTLE_ENDIAN);
    long[] kept = RawTensor.isWhole(datatype) ? wholes : null;
    for (int i = 0; i < size; i++) {
      if (kept != null) {
        RawTensor.put(datatype, bytes, kept[i]);
      } else {
        RawTensor.put(datatype, bytes, values[i]);
      }
    }
    return bytes.flip();
  }

  /// Gives what keeps these data from being a tensor of this type and shape, or `null` if nothing
  /// does.
  @Nullable String faultFor(Datatype datatype, long[] shape) {
    if (fault != null) {
      return fault;
    }
    if (raw != null && texts.fault() != null) {
      // How many there are is not known then.
      return texts.fault();
    }
    long expected = 1;
    for (long dimension : shape) {
      if (dimension > 0 && expected > Integer.MAX_VALUE / dimension) {
        return "shape asks for more elements than a body can hold";
      }
      expected *= dimension;
    }
    if (size != expected) {
      return "`data` has " + size + " elements (expected by its shape: " + expected + ")";
    }
    if (depth > 1 && !isNestedLike(shape)) {
      return "`data` is nested otherwise than its shape says; send it flat or nested alike";
    }
    return rangeFault(datatype);
  }

  private boolean isNestedLike(long[] shape) {
    if (depth != shape.length) {
      return false;
    }
    for (int i = 0; i < depth; i++) {
      if (dimensions[i] != shape[i]) {
        return false;
      }
    }
    return true;
  }

  private @Nullable String rangeFault(Datatype datatype) {
    if (datatype == Datatype.BYTES) {
      return firstOther < 0
          ? texts.fault()
          : "`data` has something other than a string at element " + firstOther;
    }
    if (raw != null) {
      return null;
    }
    if (firstText >= 0) {
      return "`data` has something other than a number at element " + firstText;
    }
    if (firstBoolean >= 0 && datatype != Datatype.BOOL) {
      return "`data` has something other than a number at element " + firstBoolean;
    }
    if (RawTensor.isWhole(datatype) && wholes == null) {
      return "`data` has a number with a fraction (expected: whole numbers)";
    }
    double most = RawTensor.most(datatype);
    double least = RawTensor.least(datatype);
    for (int i = 0; i < size; i++) {
      boolean beyond = i == firstBeyond && datatype == Datatype.INT64;
      boolean beyondUnsigned = i == firstBeyondUnsigned && datatype == Datatype.UINT64;
      if (beyond || beyondUnsigned || values[i] > most || values[i] < least) {
        return "`data` has a number out of the range of " + datatype + " at element " + i;
      }
    }
    return null;
  }
}
