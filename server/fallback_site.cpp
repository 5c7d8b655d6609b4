#include "fallback_site.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/write.hpp>
#include <utility>

#include "mtcp/net/admission/origin.hpp"
#include "mtcp/net/platform/platform.hpp"
#include "mtcp/relay.hpp"
#include "program/process.hpp"

namespace mtcp::server {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t memory_of_one = 480 << 10;

/// As a port does at which nobody listens.
void turn_away(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

}  // namespace

/// A place among them, for as long as it exists.
class fallback_site::visit {
 public:
  visit(fallback_site& at, std::uint64_t host) : at_(at), host_(host) {
    ++at_.places_taken_;
    ++at_.by_host_[host_];
  }
  visit(const visit&) = delete;
  visit& operator=(const visit&) = delete;
  ~visit() {
    --at_.places_taken_;
    const auto host = at_.by_host_.find(host_);
    if (--host->second == 0) at_.by_host_.erase(host);
  }

 private:
  fallback_site& at_;
  std::uint64_t host_;
};

fallback_site::fallback_site(const executor& where, core::target site, std::size_t most)
    : site_(std::move(site)),
      most_(most),
      resolver_(where, {.local_names = true}),
      dialer_(resolver_, [this](const tcp::endpoint& to) { return !listeners_.is_own_listener(to); }, {.timeout = 3s}),
      connections_(where, program::report_failure) {}

std::size_t fallback_site::places_within(std::uint64_t memory, std::size_t descriptors) {
  const auto by_memory = static_cast<std::size_t>(memory / 32 / memory_of_one);
  return std::clamp<std::size_t>(std::min(by_memory, descriptors / 16), 8, 512);
}

void fallback_site::take(tcp::socket from, std::vector<std::byte> said, const ip_address& source) {
  const std::uint64_t host = origin::of(source).host();
  const auto there = by_host_.find(host);
  const bool crowded = places_taken_ >= most_ || (there != by_host_.end() && there->second >= most_ / 4);
  if (crowded) ++totals_.refused_total;
  if (crowded || stopped_) return turn_away(from);
  ++totals_.total;
  platform::prepare(from);
  connections_.start(carry(std::move(from), std::move(said), host));
}

task<> fallback_site::carry(tcp::socket from, std::vector<std::byte> said, std::uint64_t host) {
  const visit here(*this, host);
  std::optional<tcp::socket> site = co_await reach();
  if (site && !said.empty()) {
    auto [unsent, size] = co_await asio::async_write(*site, asio::buffer(said), use_result);
    static_cast<void>(size);
    if (unsent) site.reset();  // the site has turned it away, as it turns others away
  }
  if (!site || stopped_) co_return turn_away(from);
  const auto counted = open_.insert(open_.end(), std::make_shared<stream_traffic>());
  co_await relay(stream_of(std::move(*site), site_, *counted), std::move(from));
  open_.erase(counted);
}

task<std::optional<tcp::socket>> fallback_site::reach() {
  dialed site = co_await dialer_.dial(site_);
  if (site.socket) co_return std::move(*site.socket);
  complain(site.socket.error());
  co_return std::nullopt;
}

void fallback_site::complain(const error_code& why) {
  const auto now = std::chrono::steady_clock::now();
  if (complained_ && now - *complained_ < 1min) return;
  complained_ = now;
  spdlog::warn("the fallback {} cannot be reached, so that strangers are turned away: {}", to_string(site_),
               why.message());
}

void fallback_site::stop() {
  stopped_ = true;
  for (const traffic& one : std::list<traffic>(open_))
    if (const auto reset = one->reset) reset();
}

fallback_snapshot fallback_site::snapshot() const {
  fallback_snapshot out = totals_;
  out.site = to_string(site_);
  out.open = places_taken_;
  return out;
}

}  // namespace mtcp::server
