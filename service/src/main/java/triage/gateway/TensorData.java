package triage.gateway;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import triage.backend.Datatype;

/// The data of a tensor as they were sent: in JSON, flat or nested, or in raw bytes; read before
/// the shape may be known.
///
/// **Threads**: confined to one.
final class TensorData {
  private static final int DIMENSIONS_MAX = 8;

  private double[] values = new double[32];
  private int size;
  private boolean allWhole = true;
  private @Nullable String fault;

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
      data.fault = "`data` must be an array of numbers";
    }
    return data;
  }

  /// Reads raw bytes: the elements one after the other, little-endian. Faults of content are kept.
  static TensorData of(Datatype datatype, ByteBuffer bytes) {
    TensorData data = new TensorData();
    data.depth = 1;
    ByteBuffer elements = bytes.order(ByteOrder.LITTLE_ENDIAN);
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
    data.values = new double[elements.remaining() / width];
    while (elements.hasRemaining()) {
      data.add(RawTensor.get(datatype, elements), datatype == Datatype.INT32);
    }
    return data;
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
    boolean numbers = false;
    for (JsonToken token = json.nextToken();
        token != JsonToken.END_ARRAY;
        token = json.nextToken()) {
      switch (token) {
        case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
          numbers = true;
          add(json.getDoubleValue(), token == JsonToken.VALUE_NUMBER_INT);
        }
        case START_ARRAY -> {
          arrays = true;
          readArray(json, level + 1);
        }
        default -> {
          fault("`data` has something other than a number at element " + size);
          json.skipChildren();
        }
      }
      count++;
    }
    if (arrays && numbers) {
      fault("`data` mixes numbers and arrays");
    }
    if (dimensions[level] >= 0 && dimensions[level] != count) {
      fault("`data` is ragged: its arrays of one depth differ in length");
    }
    dimensions[level] = count;
  }

  private void add(double value, boolean whole) {
    if (!Double.isFinite(value)) {
      fault("`data` has a number out of range at element " + size);
    }
    if (size == values.length) {
      values = Arrays.copyOf(values, size * 2);
    }
    values[size++] = value;
    allWhole &= whole;
  }

  private void fault(String text) {
    if (fault == null) {
      fault = text;
    }
  }

  double[] values() {
    return values;
  }

  int size() {
    return size;
  }

  /// Gives what keeps these data from being a tensor of this type and shape, or `null` if nothing
  /// does.
  @Nullable String faultFor(Datatype datatype, long[] shape) {
    if (fault != null) {
      return fault;
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
    if (datatype == Datatype.FP64) {
      return null;
    }
    if (datatype == Datatype.INT32 && !allWhole) {
      return "`data` has a number with a fraction (expected: whole numbers)";
    }
    double max = datatype == Datatype.INT32 ? Integer.MAX_VALUE : Float.MAX_VALUE;
    double min = datatype == Datatype.INT32 ? Integer.MIN_VALUE : -Float.MAX_VALUE;
    for (int i = 0; i < size; i++) {
      if (values[i] > max || values[i] < min) {
        return "`data` has a number out of the range of " + datatype + " at element " + i;
      }
    }
    return null;
  }
}
