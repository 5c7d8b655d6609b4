#include "mtcp/net/platform_bbr.hpp"

#ifdef __linux__

#include <linux/inet_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string_view>

namespace mtcp::platform {
namespace {

// Gains of tcp_bbr.c, in units of 1/256. Only PROBE_RTT has a window of one bandwidth-delay product.
constexpr unsigned one = 256;
constexpr unsigned high_gain = one * 2885 / 1000 + 1;

void set_congestion(int descriptor, std::string_view name) {
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_CONGESTION, name.data(), static_cast<socklen_t>(name.size()));
}

}  // namespace

// No other algorithm has as much to say.
bbr_phase bbr_phase_of(int descriptor) {
  tcp_cc_info known{};
  socklen_t size = sizeof known;
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_CC_INFO, &known, &size) != 0 || size != sizeof known.bbr)
    return bbr_phase::unknown;
  if (known.bbr.bbr_cwnd_gain == one) return bbr_phase::probing_round_trip;
  return known.bbr.bbr_pacing_gain == high_gain ? bbr_phase::startup : bbr_phase::other;
}

void restart_bbr(int descriptor) {
  if (bbr_phase_of(descriptor) != bbr_phase::startup) return;
  set_congestion(descriptor, "reno");  // which every kernel has, for everybody; to name the present one does nothing
  set_congestion(descriptor, "bbr");
}

}  // namespace mtcp::platform

#else

namespace mtcp::platform {

bbr_phase bbr_phase_of(int) { return bbr_phase::unknown; }
void restart_bbr(int) {}

}  // namespace mtcp::platform

#endif
