package triage.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import triage.backend.Datatype;
import triage.backend.ModelSpec;
import triage.backend.TensorSpec;

/// Elements of each datatype that a model in process may have, as they are read.
final class DatatypesTest {
  @ParameterizedTest(name = "{0} {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "BOOL  | [true,0,1]                                | 010001",
        "UINT8 | [0,255]                                   | 00ff",
        "INT8  | [-128,127]                                | 807f",
        "INT16 | [-32768,32767]                            | 0080ff7f",
        "UINT16| [0,32768,65535]                           | 00000080ffff",
        "UINT32| [2147483648,4294967295]                   | 00000080ffffffff",
        "UINT64| [9223372036854775808,18446744073709551615]"
            + " | 0000000000000080ffffffffffffffff",
        "UINT64| [9007199254740993,9223372036854775807]    | 0100000000002000ffffffffffffff7f",
        "INT64 | [9007199254740993,-9223372036854775808]   | 01000000000020000000000000000080",
        "FP16  | [1,0.1]                                   | 003c662e",
        "FP32  | [16777217,1e10]                           | 0000804bf9021550",
        "FP64  | [0,1e400000]                              | -",
        "FP64  | [0,18446744073709551616]                  | 0000000000000000000000000000f043",
        "BYTES | [\"a\\u00e4\",\"\",\"\u20ac\"]                   | 0300000061c3a4"
            + "0000000003000000e282ac",
      })
  void areKeptToTheLastBit(Datatype datatype, String data, String hex) throws RefusedException {
    int count = data.split(",").length;
    if (hex.equals("-")) {
      assertThat(refusal(datatype, count, "\"data\":" + data)).contains("out of range");
      return;
    }
    byte[] read = RawTensor.bytes(read(datatype, count, "\"data\":" + data).inputs().getFirst());
    assertThat(HexFormat.of().formatHex(read)).isEqualTo(hex);
    byte[] raw = HexFormat.of().parseHex(hex);
    OipInference again = read(datatype, count, size(raw), raw);
    assertThat(RawTensor.bytes(again.inputs().getFirst())).isEqualTo(raw);
  }

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "BOOL  | [true,2]                    | out of the range of BOOL at element 1",
        "BOOL  | [true,0.5]                  | a number with a fraction",
        "UINT8 | [0,-1]                      | out of the range of UINT8 at element 1",
        "UINT8 | [256,0]                     | out of the range of UINT8 at element 0",
        "INT8  | [0,128]                     | out of the range of INT8 at element 1",
        "INT16 | [0,-32769]                  | out of the range of INT16 at element 1",
        "INT16 | [0,true]                    | something other than a number at element 1",
        "INT64 | [0,9223372036854775808]     | out of the range of INT64 at element 1",
        "INT64 | [-9223372036854775809,0]    | out of the range of INT64 at element 0",
        "UINT16| [65536,0]                   | out of the range of UINT16 at element 0",
        "UINT16| [0,-1]                      | out of the range of UINT16 at element 1",
        "UINT32| [0,4294967296]              | out of the range of UINT32 at element 1",
        "UINT32| [-1,0]                      | out of the range of UINT32 at element 0",
        "UINT64| [0,18446744073709551616]    | out of the range of UINT64 at element 1",
        "UINT64| [9223372036854775808,-1]    | out of the range of UINT64 at element 1",
        "UINT64| [0,-9223372036854775809]    | out of the range of UINT64 at element 1",
        "UINT64| [0,100000000000000000000]   | out of the range of UINT64 at element 1",
        "UINT64| [0,1e3]                     | a number with a fraction",
        "BYTES | [\"a\",1]                    | something other than a string at element 1",
        "BYTES | [true,\"a\"]                 | something other than a string at element 0",
        "BYTES | [\"a\",null]                 | neither a number nor a string nor a boolean",
        "BYTES | [\"a\",\"\\u0000\"]            | cannot be passed on at element 1 (expected of",
        "BYTES | [\"\\ud83d\\ude00\",\"a\"]      | cannot be passed on at element 0",
        "BYTES | [\"a\",\"\\ud83d\"]            | cannot be passed on at element 1",
        "UINT64| [0,\"1\"]                    | something other than a number at element 1",
        "FP64  | [1,\"\\u0000\"]              | something other than a number at element 1",
        "INT64 | [0,1.0]                     | a number with a fraction",
        "FP16  | [0,65505]                   | out of the range of FP16 at element 1",
        "FP16  | [\"1\",0]                   | something other than a number at element 0",
      })
  void refuseWhatTheyDoNotHold(Datatype datatype, String data, String expected) {
    assertThat(refusal(datatype, 2, "\"data\":" + data)).contains(expected);
  }

  @Test
  void refuseRawBytesThatAreNoValues() {
    byte[] two = {1, 2};
    assertThat(refusal(Datatype.BOOL, 2, size(two), two)).contains("out of range at element 1");
    byte[] infinite = {0, 0x3c, 0, 0x7c};
    assertThat(refusal(Datatype.FP16, 2, size(infinite), infinite))
        .contains("out of range at element 1");
    assertThat(refusal(Datatype.INT16, 1, size(new byte[3]), new byte[3]))
        .contains("a multiple of 2, the size of one INT16");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "0100000061020000006162 | 2 | -",
        "0100000061020000006162 | 3 | `data` has 2 elements (expected by its shape: 3)",
        "01000000610200000061   | 2 | says of element 1 that it has 2 bytes, but 1 are left",
        "0100000061ffffffff     | 2 | says of element 1 that it has 4294967295 bytes, but 0 are",
        "0100000061000000       | 2 | ends within the 4 bytes of the length of element 1",
        "0100000061010000       | 1 | ends within the 4 bytes of the length of element 1",
        "01000000ff             | 1 | a string that cannot be passed on at element 0 (expected of",
        "0100000000             | 1 | a string that cannot be passed on at element 0",
        "04000000f09f9880       | 1 | a string that cannot be passed on at element 0",
        "03000000eda080         | 1 | a string that cannot be passed on at element 0",
      })
  void takeRawStringsThatAreWhole(String hex, int count, String expected) throws RefusedException {
    byte[] raw = HexFormat.of().parseHex(hex);
    if (expected.equals("-")) {
      OipInference inference = read(Datatype.BYTES, count, size(raw), raw);
      assertThat(RawTensor.bytes(inference.inputs().getFirst())).isEqualTo(raw);
    } else {
      assertThat(refusal(Datatype.BYTES, count, size(raw), raw)).contains(expected);
    }
  }

  private static String size(byte[] raw) {
    return "\"parameters\":{\"binary_data_size\":" + raw.length + "}";
  }

  private static String refusal(Datatype datatype, int count, String member, byte... raw) {
    RefusedException refused =
        catchThrowableOfType(RefusedException.class, () -> read(datatype, count, member, raw));
    assertThat(refused).isNotNull();
    assertThat(refused.refusal().status()).isEqualTo(400);
    return refused.refusal().message();
  }

  private static OipInference read(Datatype datatype, int count, String member, byte... raw)
      throws RefusedException {
    TensorSpec x = new TensorSpec("x", datatype, List.of(-1L));
    String json =
        "{\"inputs\":[{%s,\"name\":\"x\",\"shape\":[%d],\"datatype\":\"%s\"}]}"
            .formatted(member, count, datatype);
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.writeBytes(json.getBytes(UTF_8));
    body.writeBytes(raw);
    return new OipReader(
            new ModelSpec("test", List.of(x), List.of(x)),
            new OipBody(body.toByteArray(), body.size() - raw.length))
        .read();
  }
}
