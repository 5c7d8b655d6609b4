#include "worker.hpp"

#include <spdlog/spdlog.h>

#include "mtcp/relay.hpp"
#include "program/listen.hpp"
#include "program/process.hpp"
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

}  // namespace

worker::worker(asio::io_context& io, acceptor_options options, common_places& places) try
    : acceptor_(io, std::move(options)),
      places_(places),
      resolver_(acceptor_.get_executor()),
      dialer_(resolver_, rules_),
      background_(acceptor_.get_executor(), program::report_failure),
      streams_(acceptor_.get_executor(), program::report_failure),
      drained_(acceptor_.get_executor(), timer::time_point::max()),
      grace_(acceptor_.get_executor()) {
} catch (const boost::system::system_error& e) {
  program::fail_for("--listen", e);
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

task<> worker::serve(incoming request) {
  const bool udp = core::is_association(request.target());
  descriptor_claim claim(places_.descriptors, request.owner(), udp ? 1 : attempts_at_once);
  if (claim.count() == 0) co_return refuse_for_want(places_.descriptors, std::move(request));
  if (udp) co_return co_await serve_udp(std::move(request));
  co_await serve_stream(std::move(request), claim);
}

task<> worker::serve_stream(incoming request, descriptor_claim& claim) {
  const std::string name = to_string(request.target());
  dialed to = co_await dialer_.dial(request.target(), claim.count());
  claim.keep(to.socket ? 1 : 0);
  spdlog::debug("{} {}: {}", request.user(), name, to.socket ? "open" : to.socket.error().message());
  if (!to.socket) co_return request.refuse(to.why);
  error_code gone;
  const tcp::endpoint local = to.socket->local_endpoint(gone);
  stream remote = request.answer(gone ? core::target{} : to_target(local));
  co_await relay(std::move(remote), std::move(*to.socket));
}

task<> worker::serve_udp(incoming request) {
  const associations::place here(places_.udp, request.owner());
  if (!here) co_return request.refuse(core::refusal::general);
  co_await serve_association(std::move(request), resolver_, rules_);
}

}  // namespace mtcp::server
