#include "reverse_session.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "local_port.hpp"
#include "mtcp/address.hpp"
#include "mtcp/net/asio/scope_exit.hpp"

namespace mtcp::client {
namespace {

task<> dial(dialer& by, core::target to, std::shared_ptr<std::optional<dialed>> outcome) {
  dialed got = co_await by.dial(std::move(to));
  outcome->emplace(std::move(got));
}

}  // namespace

reverse_dialer::reverse_dialer(const executor& where, const dial_options& sockets,
                               std::shared_ptr<program::traffic_book> book)
    : executor_(where),
      names_(where, {.mark = sockets.mark, .local_names = true}),
      dialer_(
          names_, [](const tcp::endpoint&) { return true; }, sockets),
      book_(std::move(book)) {}

void reverse_dialer::stop() {
  const std::vector<asio::cancellation_signal*> all(dials_.begin(), dials_.end());
  for (asio::cancellation_signal* one : all) one->emit(asio::cancellation_type::all);
}

// What the peer sends meanwhile waits in the stream.
task<> reverse_dialer::serve(incoming request) {
  const std::string name = to_string(request.source()) + " to " + to_string(request.target());
  const program::book_entry::about about{request.target(), request.source().host, {}, false};
  asio::cancellation_signal end;
  dials_.insert(&end);
  const detail::scope_exit registered([this, &end] { dials_.erase(&end); });
  const auto outcome = std::make_shared<std::optional<dialed>>();
  task<> dialling = dial(dialer_, request.target(), outcome);
  auto until_stopped = asio::bind_cancellation_slot(end.slot(), use_result);
  auto dialled = asio::co_spawn(executor_, std::move(dialling), until_stopped);
  const auto [failed] = co_await std::move(dialled);
  if (failed || !*outcome) co_return request.refuse(core::refusal::general);
  dialed& to = **outcome;
  spdlog::debug("reverse {}: {}", name, to.socket ? "open" : to.socket.error().message());
  if (!to.socket) co_return request.refuse(to.why);
  error_code gone;
  const tcp::endpoint local = to.socket->local_endpoint(gone);
  stream remote = request.answer(gone ? core::target{} : to_target(local));
  joined both{std::move(*to.socket), std::move(remote), program::entry_in(book_, about)};
  task<> relaying = relay(std::move(both));
  co_await std::move(relaying);
}

}  // namespace mtcp::client
