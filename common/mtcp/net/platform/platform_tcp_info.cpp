#include "mtcp/net/platform/platform_tcp_info.hpp"

#ifdef __linux__

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>

#include "mtcp/net/platform/platform_bbr.hpp"

namespace mtcp::platform {
namespace {

// Only these need be asked. With nothing on the way, only more data ends the pause.
bool may_probe(const ::tcp_info& info) {
  constexpr std::uint32_t probing_window = 4;  // segments
  return info.tcpi_snd_cwnd <= probing_window && info.tcpi_unacked > 0 && info.tcpi_ca_state == TCP_CA_Open;
}

// What an older kernel does not fill in stays 0.
bool ask(int descriptor, ::tcp_info& info) {
  socklen_t size = sizeof info;
  return ::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) == 0;
}

}  // namespace

std::optional<core::duration> shortest_round_trip_of(int descriptor) {
  constexpr std::uint32_t unknown = ~0U;  // no answer was timed yet
  ::tcp_info info{};
  if (!ask(descriptor, info) || info.tcpi_min_rtt == 0 || info.tcpi_min_rtt == unknown) return {};
  return std::chrono::microseconds(info.tcpi_min_rtt);
}

std::optional<core::tcp_info> tcp_info_of(int descriptor) {
  ::tcp_info info{};
  if (!ask(descriptor, info)) return {};
  core::tcp_info known;
  known.srtt = std::chrono::microseconds(info.tcpi_rtt);
  known.congestion_window = std::uint64_t{info.tcpi_snd_cwnd} * info.tcpi_snd_mss;
  known.recovering = info.tcpi_ca_state == TCP_CA_Recovery || info.tcpi_ca_state == TCP_CA_Loss;
  known.acknowledged = info.tcpi_bytes_acked;
  known.received = info.tcpi_bytes_received;
  known.sent = info.tcpi_bytes_sent;
  known.resent = info.tcpi_bytes_retrans;
  known.packets = std::uint64_t{info.tcpi_segs_out} + info.tcpi_segs_in;
  known.probing = may_probe(info) && bbr_phase_of(descriptor) == bbr_phase::probing_round_trip;
  return known;
}

}  // namespace mtcp::platform

#else

namespace mtcp::platform {

std::optional<core::duration> shortest_round_trip_of(int) { return {}; }
std::optional<core::tcp_info> tcp_info_of(int) { return {}; }

}  // namespace mtcp::platform

#endif
