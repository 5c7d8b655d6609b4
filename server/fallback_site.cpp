#include "fallback_site.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "mtcp/net/asio/reset.hpp"
#include "mtcp/net/platform/platform.hpp"
#include "mtcp/net/relay/splice.hpp"
#include "program/process.hpp"

namespace mtcp::server {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t memory_of_one = 128 << 10;
// The site has closed, or listens on: longer than a program takes that reads to the end and closes then.
constexpr auto patience = 5s;

// As a port does at which nobody listens.
using detail::reset;

}  // namespace

struct fallback_site::guest {
  tcp::socket stranger;
  origin from;
  std::optional<tcp::socket> site{};  ///< once it has been reached
  bool dismissed = false;

  void dismiss() {
    dismissed = true;
    reset(stranger);
    if (site) reset(*site);
  }
};

/// A place among those that are carried, for as long as it exists.
class fallback_site::visit {
 public:
  visit(fallback_site& at, guest& who) : at_(at), id_(++at.last_) {
    at_.crowd_.insert(id_, who.from);
    at_.guests_.emplace(id_, &who);
  }
  visit(const visit&) = delete;
  visit& operator=(const visit&) = delete;
  ~visit() { at_.leave(id_); }

 private:
  fallback_site& at_;
  crowd::id id_;
};

fallback_site::fallback_site(const executor& where, core::target site, std::size_t most)
    : site_(std::move(site)),
      most_(most),
      resolver_(where, {.local_names = true}),
      dialer_(resolver_, [this](const tcp::endpoint& to) { return !listeners_.is_own_listener(to); }, {.timeout = 3s}),
      connections_(where, program::report_failure) {}

std::size_t fallback_site::places_within(std::uint64_t memory, std::size_t descriptors) {
  const auto by_memory = static_cast<std::size_t>(memory / 32 / memory_of_one);
  return std::clamp<std::size_t>(std::min(by_memory, descriptors / 64), 8, 512);
}

void fallback_site::take(tcp::socket from, std::vector<std::byte> said, const ip_address& source) noexcept try {
  if (stopped_) return reset(from);
  make_room();
  ++totals_.total;
  platform::prepare(from);
  connections_.start(carry(std::move(from), std::move(said), origin::of(source)), shared_from_this());
} catch (const std::exception& e) {  // out of memory: that one is closed
  program::report_failure(std::current_exception());
}

void fallback_site::make_room() {
  if (crowd_.size() < most_) return;
  ++totals_.dismissed_total;
  leave(crowd_.first_to_go())->dismiss();
}

// Null if it has left already.
fallback_site::guest* fallback_site::leave(crowd::id who) {
  const auto found = guests_.extract(who);
  if (found.empty()) return nullptr;
  crowd_.erase(who, found.mapped()->from);
  return found.mapped();
}

task<> fallback_site::carry(tcp::socket from, std::vector<std::byte> said, origin source) {
  guest here{std::move(from), source};
  const visit registered(*this, here);
  here.site = co_await reach();
  if (here.site && !here.dismissed) co_return co_await splice(here.stranger, *here.site, std::move(said), patience);
  if (!here.site) ++totals_.failed_total;
  reset(here.stranger);
}

// One address at a time: descriptors are counted.
task<std::optional<tcp::socket>> fallback_site::reach() {
  dialed site = co_await dialer_.dial(site_, 1);
  if (site.socket) co_return std::move(*site.socket);
  complain(site.why == core::refusal::policy ? "it is this server itself" : site.socket.error().message());
  co_return std::nullopt;
}

void fallback_site::complain(const std::string& why) {
  const auto now = std::chrono::steady_clock::now();
  if (stopped_ || (complained_ && now - *complained_ < 1min)) return;
  complained_ = now;
  spdlog::warn("the fallback {} cannot be reached, so that strangers are turned away: {}", to_string(site_), why);
}

void fallback_site::stop() {
  stopped_ = true;
  for (const auto& [id, one] : guests_) one->dismiss();
}

fallback_snapshot fallback_site::snapshot() const {
  fallback_snapshot out = totals_;
  out.site = to_string(site_);
  out.open = guests_.size();
  return out;
}

}  // namespace mtcp::server
