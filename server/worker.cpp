#include "worker.hpp"

#include <spdlog/spdlog.h>

#include "mtcp/address.hpp"
#include "mtcp/relay.hpp"
#include "program/listen.hpp"
#include "program/process.hpp"
#include "program/test_target.hpp"
#include "test_stream.hpp"
#include "udp_association.hpp"

namespace mtcp::server {
namespace {

/// The key holds its share of the file descriptors.
void refuse_for_want(descriptor_shares& shares, incoming request) {
  if (shares.may_complain(request.owner(), descriptor_shares::clock::now()))
    spdlog::warn("{} has its share of the file descriptors: destinations are refused until some are given back",
                 request.user());
  request.refuse(core::refusal::general);
}

struct refusal_words {
  const char* has;
  const char* audit;
};

refusal_words words_for(key_account::verdict why) {
  switch (why) {
    case key_account::verdict::too_many_streams:
      return {"as many streams as its key grants", "too many streams"};
    case key_account::verdict::too_many_dials:
      return {"dialled as often as its key grants", "too many dials"};
    default:
      return {"carried as much this month as its key grants", "the month's bytes are used up"};
  }
}

}  // namespace

worker::worker(asio::io_context& io, acceptor_options options, common_places& places) try
    : acceptor_(io, std::move(options)),
      places_(places),
      resolver_(acceptor_.get_executor(), {.local_names = places.local_names}),
      dialer_(resolver_, rules_),
      client_ports_(acceptor_.get_executor(), places),
      background_(acceptor_.get_executor(), program::report_failure),
      streams_(acceptor_.get_executor(), program::report_failure),
      drained_(acceptor_.get_executor(), timer::time_point::max()),
      grace_(acceptor_.get_executor()) {
} catch (const boost::system::system_error& e) {
  program::fail_for("--listen", e);
}

void worker::set_keep_alive(std::chrono::seconds idle) {
  dialer_.set_keep_alive(idle);
  client_ports_.set_keep_alive(idle);
}

task<> worker::run() {
  background_.start(acceptor_.run());
  background_.start(accept_streams());
  co_await drained_.async_wait(use_result);
  co_await streams_.wait();
  acceptor_.stop(program::rest_of(grace_));
  grace_.cancel();
  co_await background_.wait();
}

void worker::drain() {
  acceptor_.drain();
  client_ports_.stop();
  drained_.cancel();
  grace_.expires_after(program::grace);
  grace_.async_wait([this](error_code cancelled) {
    if (!cancelled) acceptor_.stop();
  });
}

task<> worker::accept_streams() {
  for (;;) {
    auto [error, request] = co_await acceptor_.async_accept(use_result);
    if (error) co_return;
    streams_.start(serve(std::move(request)));
  }
}

void worker::set_rules(rules allowed, listen_rules listen, const granted_keys& keys) {
  rules_of_keys_.clear();
  std::map<key_id, listen_rules> listen_of_keys;
  for (const auto& [key, server, limits] : keys) {
    if (limits.listen) listen_of_keys.emplace(key->id(), *limits.listen);
    if (limits.destinations.empty()) continue;
    rules& own = rules_of_keys_.emplace(key->id(), allowed).first->second;
    for (const key_limits::destination& d : limits.destinations) d.add_to(own);
  }
  rules_ = std::move(allowed);
  client_ports_.set_rules(std::move(listen), std::move(listen_of_keys));
}

permission worker::permission_of(const incoming& request) const {
  return [this, key = request.owner()](const tcp::endpoint& to) {
    const auto own = rules_of_keys_.find(key);
    return (own == rules_of_keys_.end() ? rules_ : own->second).permits(to);
  };
}

void worker::refuse_for_limit(key_account& account, key_account::verdict why, incoming request) {
  const refusal_words words = words_for(why);
  if (account.may_complain(key_account::clock::now()))
    spdlog::warn("{} has {}: destinations are refused", request.user(), words.has);
  audit_entry(places_.audit, request).refused(words.audit);
  request.refuse(why == key_account::verdict::used_up ? core::refusal::quota : core::refusal::general);
}

task<> worker::serve(incoming request) {
  if (request.listens()) co_return co_await client_ports_.serve(std::move(request));
  if (program::is_test(request.target())) co_return co_await serve_own(std::move(request));
  const stream_place place(places_.keys.of(request.owner()), stream_place::kind::dialled);
  if (!place.granted()) co_return refuse_for_limit(place.account(), place.verdict(), std::move(request));
  co_await serve_within_limits(std::move(request), place);
}

task<> worker::serve_within_limits(incoming request, const stream_place& place) {
  const bool udp = core::is_association(request.target());
  descriptor_claim claim(places_.descriptors, request.owner(), udp ? 1 : attempts_at_once);
  if (claim.count() == 0) co_return refuse_for_want(places_.descriptors, std::move(request));
  if (udp) co_return co_await serve_udp(std::move(request), place.account());
  co_await serve_stream(std::move(request), claim, place);
}

task<> worker::serve_stream(incoming request, descriptor_claim& claim, const stream_place& place) {
  audit_entry entry(places_.audit, request);
  permission allowed = permission_of(request);
  dialed to = co_await dialer_.dial(request.target(), claim.count(), std::move(allowed));
  claim.keep(to.socket ? 1 : 0);
  spdlog::debug("{} {}: {}", request.user(), to_string(request.target()),
                to.socket ? "open" : to.socket.error().message());
  if (!to.socket) {
    entry.refused(to.why == core::refusal::policy ? "forbidden" : to.socket.error().message());
    co_return request.refuse(to.why);
  }
  error_code gone;
  const tcp::endpoint local = to.socket->local_endpoint(gone), there = to.socket->remote_endpoint(gone);
  entry.reached(gone ? std::string() : to_string(to_target(there)));
  stream remote = request.answer(gone ? core::target{} : to_target(local));
  const relayed end = co_await relay(std::move(remote), std::move(*to.socket), std::chrono::seconds(10), place.pace());
  entry.ended(end);
}

task<> worker::serve_udp(incoming request, key_account& account) {
  const places::place here(places_.udp, request.owner());
  if (!here) co_return request.refuse(core::refusal::general);
  audit_entry entry(places_.audit, request);
  association_options options;
  options.admits = [&account](std::size_t bytes, bool up) {
    return account.admits(bytes, up, key_account::clock::now());
  };
  permission allowed = permission_of(request);
  const udp_traffic carried =
      co_await serve_association(std::move(request), resolver_, std::move(allowed), std::move(options));
  entry.ended(carried);
}

/// What leads to this program itself, and takes no descriptor.
task<> worker::serve_own(incoming request) {
  const auto what = program::service_at(request.target().port);
  if (!tests_) co_return request.refuse(core::refusal::policy);
  if (!what) co_return request.refuse(core::refusal::connection_refused);
  const key_accounts::account_ref account = places_.keys.of(request.owner());
  if (account->is_used_up()) co_return refuse_for_limit(*account, key_account::verdict::used_up, std::move(request));
  const places::place here(places_.tests, request.owner());
  if (!here) co_return request.refuse(core::refusal::general);
  spdlog::debug("{} {}: open", request.user(), to_string(request.target()));
  test_limits limits;
  limits.count = account.get();
  co_await serve_test(std::move(request), *what, limits);
}

}  // namespace mtcp::server
