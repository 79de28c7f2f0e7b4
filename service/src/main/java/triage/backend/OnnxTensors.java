package triage.backend;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The tensors of one model as ONNX Runtime has them.
///
/// **Threads**: safe for use by several threads until closed.
final class OnnxTensors implements AutoCloseable {
  /// Those that the runtime's Java binding cannot make.
  private static final Set<Datatype> UNSIGNED =
      EnumSet.of(Datatype.UINT16, Datatype.UINT32, Datatype.UINT64);

  private final OrtEnvironment environment;
  private final Map<Datatype, OnnxNode> casts = new EnumMap<>(Datatype.class);

  private final @Nullable OnnxNode equalTexts;

  /// Makes ready for the tensors of this model.
  OnnxTensors(OrtEnvironment environment, ModelSpec spec) throws OrtException {
    this.environment = environment;
    for (TensorSpec input : spec.inputs()) {
      Datatype datatype = input.datatype();
      if (UNSIGNED.contains(datatype) && !casts.containsKey(datatype)) {
        casts.put(datatype, OnnxNode.castTo(datatype, environment));
      }
    }
    boolean answersText =
        spec.outputs().stream().anyMatch(output -> output.datatype() == Datatype.BYTES);
    this.equalTexts = answersText ? OnnxNode.equalTexts(environment) : null;
  }

  /// Gives what a model says of its tensors.
  ///
  /// @throws IllegalArgumentException naming one that a model in process cannot have
  static List<TensorSpec> specs(Map<String, NodeInfo> nodes) {
    List<TensorSpec> specs = new ArrayList<>();
    for (NodeInfo node : nodes.values()) {
      if (!(node.getInfo() instanceof TensorInfo tensor)) {
        throw new IllegalArgumentException("`" + node.getName() + "` is not a tensor");
      }
      List<Long> shape = new ArrayList<>();
      for (long dimension : tensor.getShape()) {
        shape.add(dimension < 0 ? -1 : dimension);
      }
      specs.add(new TensorSpec(node.getName(), datatype(node.getName(), tensor.onnxType), shape));
    }
    return specs;
  }

  /// Gives a tensor for the runtime, to be closed.
  OnnxTensor toOnnx(Tensor tensor) throws OrtException {
    long[] shape = tensor.spec().shape().stream().mapToLong(Long::longValue).toArray();
    Datatype datatype = tensor.spec().datatype();
    if (datatype == Datatype.BYTES) {
      String[] texts = TextElements.read(tensor.view()).toArray(String[]::new);
      return OnnxTensor.createTensor(environment, texts, shape);
    }
    ByteBuffer elements = tensor.view();
    // The runtime takes bytes of any datatype from a direct buffer only.
    ByteBuffer direct =
        ByteBuffer.allocateDirect(elements.remaining()).order(ByteOrder.LITTLE_ENDIAN);
    direct.put(elements).flip();
    OnnxTensor made = OnnxTensor.createTensor(environment, direct, shape, onnxType(datatype));
    OnnxNode cast = casts.get(datatype);
    if (cast == null) {
      return made;
    }
    try (made) {
      return cast.of(made);
    }
  }

  /// Gives a tensor of the runtime's, copied.
  ///
  /// @throws OrtException also if it is text that the runtime's Java binding does not give whole
  Tensor fromOnnx(TensorSpec declared, OnnxTensor tensor) throws OrtException {
    long[] dimensions = tensor.getInfo().getShape();
    List<Long> shape = Arrays.stream(dimensions).boxed().toList();
    TensorSpec exact = new TensorSpec(declared.name(), declared.datatype(), shape);
    if (declared.datatype() != Datatype.BYTES) {
      return new Tensor(exact, tensor.getByteBuffer());
    }
    List<String> texts = new ArrayList<>();
    addTexts(tensor.getValue(), texts);
    checkWhole(declared.name(), tensor, texts, dimensions);
    return new Tensor(exact, TextElements.of(texts));
  }

  /// Adds the texts of arrays within arrays.
  private static void addTexts(Object value, List<String> texts) {
    if (value instanceof Object[] parts) {
      Arrays.stream(parts).forEach(part -> addTexts(part, texts));
    } else {
      texts.add((String) value);
    }
  }

  /// Has the runtime compare the texts that the binding gave with those that the model gave.
  private void checkWhole(String name, OnnxTensor given, List<String> texts, long[] shape)
      throws OrtException {
    try (OnnxTensor again =
            OnnxTensor.createTensor(environment, texts.toArray(String[]::new), shape);
        OnnxTensor equal = Objects.requireNonNull(equalTexts).of(given, again)) {
      ByteBuffer answers = equal.getByteBuffer();
      while (answers.hasRemaining()) {
        if (answers.get() == 0) {
          throw new OrtException(
              "output `"
                  + name
                  + "` has text with U+0000 or characters beyond U+FFFF, which cannot be had from a"
                  + " model in process");
        }
      }
    }
  }

  private static Datatype datatype(String tensor, TensorInfo.OnnxTensorType type) {
    return switch (type) {
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL -> Datatype.BOOL;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8 -> Datatype.UINT8;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16 -> Datatype.UINT16;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32 -> Datatype.UINT32;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64 -> Datatype.UINT64;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8 -> Datatype.INT8;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16 -> Datatype.INT16;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 -> Datatype.INT32;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64 -> Datatype.INT64;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16 -> Datatype.FP16;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT -> Datatype.FP32;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE -> Datatype.FP64;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING -> Datatype.BYTES;
      // The protocol has no name for the others.
      default ->
          throw new IllegalArgumentException(
              "tensor `"
                  + tensor
                  + "` is of "
                  + type.name().replace("ONNX_TENSOR_ELEMENT_DATA_TYPE_", "")
                  + " (expected in process: DOUBLE, FLOAT, FLOAT16, INT64, INT32, INT16, INT8,"
                  + " UINT64, UINT32, UINT16, UINT8, BOOL or STRING)");
    };
  }

  /// Gives the type of the binding whose elements have this many bytes.
  private static OnnxJavaType onnxType(Datatype datatype) {
    return switch (datatype) {
      case BOOL -> OnnxJavaType.BOOL;
      case UINT8 -> OnnxJavaType.UINT8;
      case INT8 -> OnnxJavaType.INT8;
      case INT16, UINT16 -> OnnxJavaType.INT16;
      case INT32, UINT32 -> OnnxJavaType.INT32;
      case INT64, UINT64 -> OnnxJavaType.INT64;
      case FP16 -> OnnxJavaType.FLOAT16;
      case FP32 -> OnnxJavaType.FLOAT;
      case FP64 -> OnnxJavaType.DOUBLE;
      case BYTES -> OnnxJavaType.STRING;
    };
  }

  @Override
  public void close() throws OrtException {
    for (OnnxNode cast : casts.values()) {
      cast.close();
    }
    if (equalTexts != null) {
      equalTexts.close();
    }
  }
}
