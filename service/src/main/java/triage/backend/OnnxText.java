package triage.backend;

/// What text ONNX Runtime's Java binding hands on as it is.
///
/// It hands strings over in the JVM's own form of UTF-8. That knows no characters beyond U+FFFF: a
/// model gets each as two halves, and of a text with such that a model gives, the end is lost. Nor
/// does it know U+0000.
///
/// **Source**: JNI specification, "Modified UTF-8 Strings"; seen with ONNX Runtime 1.28 on JDK 25.
///
/// **Threads**: no state.
public final class OnnxText {
  private OnnxText() {}

  /// Tells whether a model in process gets this text as it is.
  public static boolean passes(String text) {
    return text.chars().noneMatch(c -> c == 0 || Character.isSurrogate((char) c));
  }
}
