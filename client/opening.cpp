#include "opening.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "mtcp/net/asio/lifeline.hpp"
#include "mtcp/net/platform/platform.hpp"
#include "mtcp/net/socket_stream.hpp"
#include "mtcp/refusal.hpp"

namespace mtcp::client {
namespace {

/// Looks after an application while its stream is being opened.
class departure {
 public:
  departure(tcp::socket& application, end_of_file means) : application_(application) {
    if (means == end_of_file::leaves) {
      watch_for_end();
    } else {
      watch_for_reset();
    }
  }
  departure(const departure&) = delete;
  departure& operator=(const departure&) = delete;
  ~departure() {
    error_code ignored;
    application_.cancel(ignored);
  }

  /// Names the opening that is to be cancelled.
  asio::cancellation_slot slot() { return left_.slot(); }
  void cancel_opening() { left_.emit(asio::cancellation_type::all); }

 private:
  void watch_for_end() {
    application_.async_wait(asio::socket_base::wait_read, life_.guard([this](error_code error) {
      if (!error) on_readable();
    }));
  }

  void on_readable() {
    std::array<char, 1> first;
    error_code ended;
    application_.receive(asio::buffer(first), asio::socket_base::message_peek, ended);
    if (!ended) return watch_for_reset();  // it has sent something, which is for the relay
    if (ended == asio::error::would_block) return watch_for_end();
    cancel_opening();
  }

  void watch_for_reset() {
    application_.async_wait(asio::socket_base::wait_error, life_.guard([this](error_code error) {
      if (error) return;
      if (!platform::is_broken(application_)) return watch_for_reset();  // urgent data looks like an error
      cancel_opening();
    }));
  }

  tcp::socket& application_;
  asio::cancellation_signal left_;
  detail::lifeline life_;
};

/// All that it needs is its own: it may be destroyed after whoever waits for it.
task<> dial(std::shared_ptr<router> by, core::target to, origin from, std::shared_ptr<std::optional<dialed>> outcome) {
  dialed got = co_await by->dial(std::move(to), from);
  outcome->emplace(std::move(got));
}

opening failure(const dialed& got) {
  opening out{.error = got.why};
  out.why = "directly: " + got.socket.error().message();
  if (got.why == core::refusal::policy)
    out.why = "this leads to the client's own machine, or to an address that a rule blocks";
  return out;
}

task<opening> open_directly(tcp::socket& application, std::shared_ptr<router> by, core::target to,
                            std::span<const std::byte> early, end_of_file means) {
  departure watch(application, means);
  const router::under_way here(*by, [&watch] { watch.cancel_opening(); });
  const auto outcome = std::make_shared<std::optional<dialed>>();
  task<> dialling = dial(by, to, origin_of(application), outcome);
  auto until_it_leaves = asio::bind_cancellation_slot(watch.slot(), use_result);
  auto dialled = asio::co_spawn(application.get_executor(), std::move(dialling), until_it_leaves);
  const auto [failed] = co_await std::move(dialled);
  if (failed || !*outcome) co_return opening{.error = asio::error::operation_aborted};
  dialed& got = **outcome;
  if (!got.socket) co_return failure(got);
  opening out{.remote = stream_of(std::move(*got.socket), to, by->connections().add(to))};
  const auto all = asio::buffer(early.data(), early.size());
  auto also_until = asio::bind_cancellation_slot(watch.slot(), use_result);
  std::tie(out.error, std::ignore) = co_await asio::async_write(out.remote, all, also_until);
  co_return out;
}

}  // namespace

task<opening> open_for(tcp::socket& application, tunnel& through, core::target to, std::span<const std::byte> early,
                       end_of_file means) {
  departure watch(application, means);
  auto until_it_leaves = asio::bind_cancellation_slot(watch.slot(), use_result);
  auto [error, remote] = co_await through.async_open(std::move(to), early, until_it_leaves);
  co_return opening{error, std::move(remote)};
}

task<opening> open_by(const router::way& way, const local_port& port, tcp::socket& application, core::target to,
                      std::span<const std::byte> early, end_of_file means) {
  if (way.to == proxy::route::block) co_return refusal_by(way);
  if (way.to == proxy::route::tunnel) {
    opening out = co_await open_for(application, port.through, std::move(to), early, means);
    co_return out;
  }
  opening out = co_await open_directly(application, port.ways, std::move(to), early, means);
  co_return out;
}

router::way way_for(const local_port& port, const tcp::socket& application, const core::target& to) {
  if (!port.ways) return {};
  router::way way = port.ways->way_to(to, proxy::transport::tcp, origin_of(application));
  if (way.to == proxy::route::block) port.ways->connections().blocked_connection();
  return way;
}

void log_opening(const char* protocol, const std::string& name, const router::way& way, const opening& got) {
  const char* opened = way.to == proxy::route::direct ? "open, direct" : "open";
  spdlog::debug("{} {}: {}", protocol, name, !got.error ? opened : got.why.empty() ? got.error.message() : got.why);
}

opening refusal_by(const router::way& blocked) {
  return {.error = core::refusal::policy, .why = "blocked by the rule " + blocked.rule};
}

}  // namespace mtcp::client
