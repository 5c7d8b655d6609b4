#include "mtcp/net/platform/platform_bbr.hpp"

#ifdef __linux__

#include <linux/inet_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace mtcp::platform {
namespace {

// Gains of tcp_bbr.c, in units of 1/256. Only PROBE_RTT has a window of one bandwidth-delay product.
constexpr unsigned one = 256;
constexpr unsigned high_gain = one * 2885 / 1000 + 1;
constexpr std::string_view ours = "bbr";

bool set_congestion(int descriptor, std::string_view name) {
  return ::setsockopt(descriptor, IPPROTO_TCP, TCP_CONGESTION, name.data(), static_cast<socklen_t>(name.size())) == 0;
}

// What BBR reports. Versions that differ only in their name, or report more, count as unknown.
std::optional<tcp_bbr_info> ask_bbr(int descriptor) {
  std::array<char, 16> name{};  // TCP_CA_NAME_MAX
  socklen_t size = name.size();
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) != 0) return {};
  if (std::string_view(name.data(), ::strnlen(name.data(), size)) != ours) return {};
  union {
    tcp_cc_info known;
    std::array<char, 128> more;
  } answer{};
  size = sizeof answer;
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_CC_INFO, &answer, &size) != 0) return {};
  if (size != sizeof answer.known.bbr) return {};
  return answer.known.bbr;
}

bbr_phase phase_of(const tcp_bbr_info& known) {
  if (known.bbr_cwnd_gain == one) return bbr_phase::probing_round_trip;
  return known.bbr_pacing_gain == high_gain ? bbr_phase::startup : bbr_phase::other;
}

// A route may have set BBR for a process that may not set it. Such a process could not return to it.
bool may_choose_bbr() {
  const int any = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool may = any >= 0 && set_congestion(any, "reno") && set_congestion(any, ours);
  if (any >= 0) ::close(any);
  return may;
}

bool goes_well(int descriptor, const tcp_bbr_info& known) {
  constexpr std::uint32_t noise = 10'000;  // microseconds
  ::tcp_info info{};
  socklen_t size = sizeof info;
  return ::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_ca_state == TCP_CA_Open &&
         info.tcpi_rtt <= 2 * known.bbr_min_rtt + noise;
}

}  // namespace

bbr_phase bbr_phase_of(int descriptor) {
  const auto known = ask_bbr(descriptor);
  return known ? phase_of(*known) : bbr_phase::unknown;
}

void restart_bbr(int descriptor) {
  static const bool may_choose = may_choose_bbr();
  const auto known = may_choose ? ask_bbr(descriptor) : std::nullopt;
  if (!known || phase_of(*known) != bbr_phase::startup || !goes_well(descriptor, *known)) return;
  set_congestion(descriptor,
                 "reno");  // which every kernel allows everybody; setting the present algorithm again would do nothing
  set_congestion(descriptor, ours);
}

}  // namespace mtcp::platform

#else

namespace mtcp::platform {

bbr_phase bbr_phase_of(int) { return bbr_phase::unknown; }
void restart_bbr(int) {}

}  // namespace mtcp::platform

#endif
