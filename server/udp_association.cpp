#include "udp_association.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "mtcp/address.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/net/association.hpp"
#include "mtcp/net/datagram_exit.hpp"

namespace mtcp::server {
namespace {

using clock = std::chrono::steady_clock;

class udp_association {
 public:
  udp_association(const executor& where, resolver& names, permission allowed, const association_options& options)
      : exit_(where, names, std::move(allowed),
              {.max_lookups = options.max_lookups,
               .on_datagram = [this](std::span<const std::byte> payload,
                                     const udp::endpoint& from) { take(payload, from); }}),
        admits_(options.admits),
        idle_limit_(options.idle),
        idle_(where),
        parts_(where, [this](const std::exception_ptr&) { stop(); }) {}

  error_code open() { return exit_.open(); }
  std::uint16_t port() const { return exit_.port(); }
  udp_traffic take_traffic() { return std::move(carried_); }

  task<> run(association client) {
    client_.emplace(std::move(client));
    parts_.start(outbound());
    parts_.start(inbound());
    parts_.start(watch());
    co_await parts_.wait();
  }

 private:
  task<> outbound() {
    for (;;) {
      auto [error, datagram] = co_await client_->async_receive(use_result);
      if (error) break;
      last_used_ = clock::now();
      if (admits_ && !admits_(datagram.payload.size(), true)) continue;
      count_upward(datagram);
      exit_.send(std::move(datagram));
    }
    stop();
  }

  void count_upward(const core::datagram& d) {
    carried_.bytes_up += d.payload.size();
    if (carried_.destinations.size() >= udp_traffic::max_destinations) return;
    const std::string to = to_string(d.peer);
    if (std::ranges::find(carried_.destinations, to) == carried_.destinations.end())
      carried_.destinations.push_back(to);
  }

  void take(std::span<const std::byte> payload, const udp::endpoint& from) {
    last_used_ = clock::now();
    if (admits_ && !admits_(payload.size(), false)) return;
    carried_.bytes_down += payload.size();
    client_->send({from.address().to_string(), from.port()}, payload);
  }

  task<> inbound() {
    co_await exit_.run();
    stop();
  }

  task<> watch() {
    while (!stopped_ && clock::now() < last_used_ + idle_limit_) {
      idle_.expires_at(last_used_ + idle_limit_);
      co_await idle_.async_wait(use_result);
    }
    stop();
  }

  void stop() {
    stopped_ = true;
    exit_.close();
    client_->close();
    idle_.cancel();
  }

  datagram_exit exit_;
  std::optional<association> client_;
  std::function<bool(std::size_t, bool)> admits_;
  std::chrono::milliseconds idle_limit_;
  clock::time_point last_used_ = clock::now();
  bool stopped_ = false;
  udp_traffic carried_;
  timer idle_;
  task_group parts_;
};

}  // namespace

task<udp_traffic> serve_association(incoming request, resolver& names, permission allowed,
                                    association_options options) {
  const auto where = co_await asio::this_coro::executor;
  udp_association all(where, names, std::move(allowed), options);
  const error_code error = all.open();
  spdlog::debug("{} udp association: {}", request.user(), error ? error.message() : "open");
  if (error) {
    request.refuse(core::refusal::general);
    co_return udp_traffic();
  }
  const core::target bound{"", all.port()};
  association client(request.answer(bound));
  co_await all.run(std::move(client));
  udp_traffic carried = all.take_traffic();
  co_return carried;
}

}  // namespace mtcp::server
