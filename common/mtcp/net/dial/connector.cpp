#include "mtcp/net/dial/connector.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <random>
#include <utility>
#include <vector>

#include "mtcp/net/dial/happy_eyeballs.hpp"
#include "mtcp/net/dial/proxy_error.hpp"
#include "mtcp/net/dial/zoned_address.hpp"
#include "mtcp/net/platform/platform.hpp"
#include "mtcp/net/platform/transparent.hpp"

namespace mtcp {
namespace {

std::uint16_t one_port(const path_options& path) {
  std::random_device chance;
  return std::uniform_int_distribution<std::uint16_t>(path.port, std::max(path.port, path.last_port))(chance);
}

std::vector<tcp::endpoint> with_port(const std::vector<ip_address>& addresses, std::uint16_t port) {
  std::vector<tcp::endpoint> out;
  for (const ip_address& address : addresses) out.emplace_back(address, port);
  return out;
}

}  // namespace

connector::connector(const executor& where, const path_options& path, address_book& book, const time_limits& within)
    : path_(path),
      server_{path.host, one_port(path)},
      book_(book),
      deadline_(clock::now() + within.whole),
      patience_(within.answer),
      timer_(where) {}

task<error_code> connector::connect(const tls_context& context, const key& own) {
  auto reached = co_await reach();
  if (aborted_ || !reached) {
    book_.names.forget(first_host());
    const error_code unreached = explain(reached ? error_code() : reached.error());
    co_return path_.proxy && !aborted_ ? proxy_unreachable(unreached) : unreached;
  }
  error_code gone;
  const ip_address address = reached->remote_endpoint(gone).address();
  channel_.emplace(std::move(*reached));
  watch_deadline();
  error_code error;
  if (path_.proxy) error = co_await talk_to_proxy(channel_->socket(), *path_.proxy, server_, through_);
  if (!error) error = co_await channel_->connect(context, own, path_.server_name);
  error = explain(error);
  if (!gone) remember(address, error);
  co_return error;
}

// Through a proxy all of this is about the proxy: the server's name is for it to look up.
// The lookup goes on while known addresses are tried, and the addresses that it finds are tried beside them.
task<result<tcp::socket>> connector::reach() {
  address_search search(book_, first_host(), timer_);
  const std::uint16_t port = path_.proxy ? path_.proxy->port : server_.port;
  connection_race race(timer_, connection_race::usual_stagger,
                       [this](tcp::socket& socket, const tcp::endpoint& to) { return prepare(socket, to); });
  clock::time_point answer_by = deadline_;
  for (;;) {
    const auto now = clock::now();
    if (race.won() || aborted_ || now >= answer_by) break;
    race.add(with_port(search.take(now, race.idle()), port));
    race.advance(now);
    if (race.idle() && search.over()) break;
    if (patience_ && !race.idle()) answer_by = std::min(answer_by, now + *std::exchange(patience_, std::nullopt));
    timer_.expires_at(std::min({answer_by, search.next(), race.next()}));
    co_await timer_.async_wait(use_result);
  }
  if (!race.won() && search.error()) co_return search.error();
  result<tcp::socket> reached = race.take();
  co_return reached;
}

error_code connector::prepare(tcp::socket& socket, const tcp::endpoint& to) const {
  error_code error;
  platform::prepare(socket);
  if (path_.mark != 0 && (error = platform::set_mark(socket.native_handle(), path_.mark))) return error;
  if (!path_.interface.empty() && (error = platform::bind_to_interface(socket.native_handle(), path_.interface)))
    return error;
  if (path_.max_segment != 0 && (error = platform::set_max_segment(socket, path_.max_segment))) return error;
  if (!path_.congestion.empty() && (error = platform::set_congestion(socket, path_.congestion))) return error;
  if (path_.bind.empty()) return {};
  const auto bind = zoned_address::parse(path_.bind);
  if (!bind) return asio::error::invalid_argument;
  const auto local = bind->here();
  if (!local) return local.error();
  if (local->is_v6() != to.address().is_v6()) return asio::error::address_family_not_supported;
  socket.bind(tcp::endpoint(*local, 0), error);
  return error;
}

// An address has worked when the server has proved there that it has the key. After a failure the name servers are
// asked anew: what they said may have been the answer of a captive portal.
void connector::remember(const ip_address& address, const error_code& outcome) {
  if (aborted_) return;
  if (!outcome) return book_.known.worked(address);
  book_.known.failed(address);
  book_.names.forget(first_host());
}

void connector::watch_deadline() {
  timer_.expires_at(deadline_);
  timer_.async_wait(lifeline_.guard([this](error_code error) {
    if (error || !channel_) return;
    timed_out_ = true;
    channel_->close();
  }));
}

// Asked without an error too: the socket may have been closed in the very turn in which it connected.
error_code connector::explain(error_code error) const {
  if (aborted_) return asio::error::operation_aborted;
  if (timed_out_) error = asio::error::timed_out;
  return error && channel_ && path_.proxy ? of_its_hop(error) : error;
}

error_code connector::of_its_hop(const error_code& error) const {
  if (through_.connected) return behind_proxy(error);
  return through_.has_asked ? proxy_undecided(error) : proxy_silent(error);
}

secure_channel connector::take() {
  timer_.cancel();
  secure_channel out = std::move(*channel_);
  channel_.reset();
  return out;
}

void connector::abort() {
  aborted_ = true;
  timer_.cancel();
  if (channel_) channel_->close();
}

}  // namespace mtcp
