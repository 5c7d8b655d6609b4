// Linux where there is Linux, and a portable fallback beside each call.
#include "mtcp/net/platform/platform.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "mtcp/net/platform/platform_bbr.hpp"
#include "mtcp/net/platform/platform_tcp_info.hpp"

#ifdef __linux__
#include <linux/sockios.h>
#endif

namespace mtcp::platform {
namespace {

template <class Value>
bool set_option(tcp::socket& socket, int level, int name, Value value) {
  return ::setsockopt(socket.native_handle(), level, name, &value, sizeof value) == 0;
}

[[maybe_unused]] error_code set_text_option(int descriptor, int level, int name, const std::string& value) {
  if (::setsockopt(descriptor, level, name, value.data(), static_cast<socklen_t>(value.size())) == 0) return {};
  return {errno, boost::system::system_category()};
}

}  // namespace

void prepare(tcp::socket& socket) {
  error_code ignored;  // the connection works without these, or is gone: reading from it will tell
  socket.non_blocking(true, ignored);
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  // Whoever does not read would else have the kernel keep some MiB for him, beyond any budget of ours.
  set_unsent_limit(socket, usual_unsent_limit);
}

void set_keep_alive(tcp::socket& socket, std::chrono::seconds idle) {
  error_code ignored;
  socket.set_option(asio::socket_base::keep_alive(idle.count() != 0), ignored);
#ifdef TCP_KEEPIDLE
  constexpr int probes = 4;
  const int seconds = static_cast<int>(idle.count());
  if (seconds == 0) return;
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, std::max(seconds / probes, 1));
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, probes);
#endif
}

bool set_unsent_limit([[maybe_unused]] tcp::socket& socket, [[maybe_unused]] std::size_t bytes) {
#ifdef TCP_NOTSENT_LOWAT
  return set_option(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, static_cast<int>(bytes));
#else
  return false;
#endif
}

std::optional<std::size_t> unsent_bytes([[maybe_unused]] tcp::socket& socket) {
#ifdef SIOCOUTQNSD
  int bytes = 0;
  if (::ioctl(socket.native_handle(), SIOCOUTQNSD, &bytes) == 0 && bytes >= 0) return static_cast<std::size_t>(bytes);
#endif
  return {};
}

std::optional<core::tcp_info> tcp_info(tcp::socket& socket) { return tcp_info_of(socket.native_handle()); }

std::optional<core::duration> shortest_round_trip(tcp::socket& socket) {
  return shortest_round_trip_of(socket.native_handle());
}

void postpone_pause(tcp::socket& socket) { restart_bbr(socket.native_handle()); }

error_code bind_to_interface([[maybe_unused]] int descriptor, [[maybe_unused]] const std::string& interface) {
#ifdef SO_BINDTODEVICE
  return set_text_option(descriptor, SOL_SOCKET, SO_BINDTODEVICE, interface);
#else
  return asio::error::operation_not_supported;
#endif
}

bool is_broken(tcp::socket& socket) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0;
}

namespace {

error_code set_congestion_of([[maybe_unused]] int descriptor, [[maybe_unused]] const std::string& algorithm) {
#ifdef TCP_CONGESTION
  return set_text_option(descriptor, IPPROTO_TCP, TCP_CONGESTION, algorithm);
#else
  return asio::error::operation_not_supported;
#endif
}

}  // namespace

error_code set_congestion(tcp::socket& socket, const std::string& algorithm) {
  return set_congestion_of(socket.native_handle(), algorithm);
}

error_code set_congestion(tcp::acceptor& listener, const std::string& algorithm) {
  return set_congestion_of(listener.native_handle(), algorithm);
}

error_code set_max_segment([[maybe_unused]] tcp::socket& socket, [[maybe_unused]] unsigned bytes) {
#ifdef TCP_MAXSEG
  error_code error;
  socket.set_option(asio::detail::socket_option::integer<IPPROTO_TCP, TCP_MAXSEG>(static_cast<int>(bytes)), error);
  return error;
#else
  return asio::error::operation_not_supported;
#endif
}

void give_memory_back() noexcept {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

std::size_t descriptor_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY)
    return std::numeric_limits<std::size_t>::max();
  return files.rlim_cur;
}

void reserve_descriptor::fill() {
  if (descriptor_ < 0) descriptor_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void reserve_descriptor::give_up() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

}  // namespace mtcp::platform
