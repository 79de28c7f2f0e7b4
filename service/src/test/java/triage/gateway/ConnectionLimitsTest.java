package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;

class ConnectionLimitsTest {

  @Test
  void takesAllAddressesOfAnIpv6HostForOne() throws IOException {
    assertThat(host("2001:db8:1:2:3:4:5:6")).isEqualTo(host("2001:db8:1:2:ffff::1"));
    assertThat(host("2001:db8:1:2::1")).isNotEqualTo(host("2001:db8:1:3::1"));
  }

  @Test
  void tellsIpv4AddressesApart() throws IOException {
    assertThat(host("192.0.2.1")).isNotEqualTo(host("192.0.2.2"));
    assertThat(host("::ffff:192.0.2.1")).isEqualTo(host("192.0.2.1"));
  }

  private static InetAddress host(String address) throws IOException {
    return ConnectionLimits.host(InetAddress.getByName(address));
  }
}
