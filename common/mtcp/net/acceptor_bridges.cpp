// How bridges come to a server: accept, admission, TLS and HELLO, and the session that they join.
#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/read.hpp>
#include <optional>
#include <span>
#include <utility>

#include "mtcp/address.hpp"
#include "mtcp/error.hpp"
#include "mtcp/net/acceptor_server.hpp"
#include "mtcp/net/admission/proxy_header.hpp"
#include "mtcp/net/asio/clock.hpp"
#include "mtcp/net/asio/deadline.hpp"
#include "mtcp/net/asio/scope_exit.hpp"
#include "mtcp/net/bridge_link.hpp"
#include "mtcp/net/listening_socket.hpp"
#include "mtcp/net/platform/own_addresses.hpp"
#include "mtcp/net/platform/platform.hpp"
#include "mtcp/net/tls/handshake.hpp"

namespace mtcp::detail {
namespace {

/// Empty if there is no header, or a malformed one.
task<std::optional<proxied>> receive_proxy_header(tcp::socket& from) {
  std::array<std::byte, max_proxy_header> header;
  const auto start = asio::buffer(header, proxy_header_start);
  const auto [no_start, first] = co_await asio::async_read(from, start, use_result);
  if (no_start) co_return std::nullopt;
  const auto size = proxy_header_size(std::span(header).first<proxy_header_start>());
  if (!size) co_return std::nullopt;
  const auto behind = asio::buffer(header, *size) + proxy_header_start;
  const auto [no_rest, rest] = co_await asio::async_read(from, behind, use_result);
  if (no_rest) co_return std::nullopt;
  const auto told = read_proxy_header(std::span(header).first(*size));
  co_return told;
}

/// Empty for one whose connection broke: that happens to everybody.
std::optional<stranger> stranger_of(const secure_channel& channel, const error_code& error) {
  if (error.category() != mtcp_category() || error == errc::truncated) return std::nullopt;
  if (error == errc::malformed_hello || error == errc::wrong_mac) return stranger::bad_hello;
  if (channel.has_wrong_clock()) return stranger::wrong_clock;
  return channel.has_been_offered_a_key() ? stranger::wrong_key : stranger::junk;
}

}  // namespace

task<> server::accept_from(listening_socket& listener) {
  for (;;) {
    std::optional<tcp::socket> accepted = co_await listener.accept();
    if (!accepted) break;
    take_connection(std::move(*accepted));
  }
}

void server::take_connection(tcp::socket socket) {
  ++totals_.accepted_total;
  error_code error;
  const asio::ip::address from = unmapped(socket.remote_endpoint(error).address());
  if (error) return;
  pending_.enter(std::move(socket), from, is_trusted_proxy(from));
}

bool server::is_trusted_proxy(const asio::ip::address& from) const {
  return std::ranges::any_of(options_.trusted_proxies, [&](const network& n) { return n.contains(from); });
}

void server::on_proxy(pending_connections::id who, tcp::socket socket) { start(read_source(who, std::move(socket))); }

// Reads the header of a trusted proxy, and no byte behind it.
task<> server::read_source(pending_connections::id who, tcp::socket socket) {
  std::optional<proxied> told;
  {
    pending_connections::place here(pending_, who, [&socket] {
      error_code ignored;
      socket.close(ignored);
    });
    told = co_await receive_proxy_header(socket);
    if (!told) co_return here.fail();
    here.hand_back();
  }
  learn(told->destination);
  pending_.set_source(who, std::move(socket), told->source);
}

void server::learn(const asio::ip::address& reached) {
  if (options_.machine) options_.machine->learn(reached);
}

void server::on_speaker(pending_connections::id who, tcp::socket socket, const asio::ip::address& from) {
  platform::prepare(socket);
  start(serve(who, std::move(socket), from));
}

task<> server::serve(pending_connections::id who, tcp::socket socket, asio::ip::address source) {
  arrival from{secure_channel(std::move(socket)), {}, {}, source};
  const error_code error = co_await shake_hands(who, from);
  if (error) co_return from.channel.close();
  const std::size_t home = directory().home_of(from.said, place_);
  if (home != place_) co_return directory().hand_over(home, std::move(from));
  co_await welcome(std::move(from));
}

// Where there is a fallback they have come to see that.
void server::on_failure(const asio::ip::address& from, stranger why) {
  if (stranger_ && !options_.fallback) stranger_(from, why);
}

void server::on_dismissed(tcp::socket socket, const asio::ip::address& from) { pass_on(std::move(socket), {}, from); }

void server::pass_on(tcp::socket socket, std::vector<std::byte> said, const asio::ip::address& from) {
  if (options_.fallback) options_.fallback(std::move(socket), std::move(said), from);
}

void server::fail(pending_connections::place& here, const arrival& from, const error_code& error) {
  const auto why = here.is_overdue() ? stranger::slow : stranger_of(from.channel, error);
  if (!why) return here.fail();
  here.fail(from.from, *why);
  if (stranger_) stranger_(from.from, *why);
}

void server::dismiss(pending_connections::place& here, arrival& from, const error_code& error) {
  const bool broke = error.category() != mtcp_category() && error != asio::error::operation_aborted;
  if (!options_.fallback || stage_ == stage::stopped || broke) return fail(here, from, error);
  here.fail();
  // He holds a key, and would never learn why it does not help him.
  if (from.channel.has_wrong_clock() && stranger_) stranger_(from.from, stranger::wrong_clock);
  auto [socket, said] = std::move(from.channel).give_up();
  pass_on(std::move(socket), std::move(said), from.from);
}

task<error_code> server::shake_hands(pending_connections::id who, arrival& from) {
  bool heard = false;
  pending_connections::place here(pending_, who, [&heard, &channel = from.channel] {
    if (heard) {
      channel.close();
    } else {
      channel.stop_hearing();
    }
  });
  error_code error = co_await hear(from);
  if (error) {
    dismiss(here, from, error);
    co_return error;
  }
  heard = true;
  error = co_await authenticate(from, here);
  if (error) fail(here, from, error);
  co_return error;
}

task<error_code> server::hear(arrival& from) {
  const tls_context context = tls_;  // set_keys() may replace it meanwhile
  co_return co_await from.channel.hear(context);
}

task<error_code> server::authenticate(arrival& from, pending_connections::place& here) {
  here.answered();
  const error_code error = co_await from.channel.answer();
  if (error) co_return error;
  here.authenticated();
  auto got = co_await receive_hello(from.channel);
  if (!got) co_return got.error();
  from.said = std::move(got->message);
  from.rest = std::move(got->rest);
  co_return error;
}

void server::adopt(arrival bridge) { start(welcome(std::move(bridge))); }

task<> server::welcome(arrival from) {
  const key_id holder = from.channel.shared_key().id();
  const session_directory::bridge_place place(directory(), holder, quota_of(holder).bridges);
  server_sessions::answer reply = answer(from.said, from.channel.shared_key(), place.granted());
  reply.message.version = from.channel.shared_key().version();
  error_code error;
  {
    const deadline limit(from.channel.socket(), options_.admission.deadline);
    error = co_await send_welcome(from.channel, reply.message);
  }
  if (error && reply.joined) reply.joined->bridge_failed(from.said.bridge, now());
  if (error || !reply.joined) co_return from.channel.close();
  if (const auto local = from.channel.socket().local_endpoint(error); !error) learn(local.address());
  reply.joined->came_from(unmapped(from.from).to_string());
  from.said.options = reply.use;
  co_await run_bridge(reply.joined, std::move(from));
}

server_sessions::answer server::answer(const core::hello& said, const key& holder, bool room) {
  using open_to = server_sessions::open_to;
  open_to whom = stage_ == stage::serving ? open_to::all : open_to::joins;
  if (stage_ == stage::stopped || !options_.keys.find(holder.id())) whom = open_to::none;
  const std::string user = holder.user().empty() ? to_string(holder.id()) : holder.user();
  return sessions_.greet(said, holder.id().bytes, user, whom, now(), room);
}

task<> server::run_bridge(session_ref of, arrival from) {
  const core::bridge_id id = from.said.bridge;
  const session_directory::visitor here(directory(), from.from);
  bridge_link connection(std::move(from.channel));
  const std::string where = "in session " + short_name(of->id());
  const bool routine = from.said.options.budget.any();  // many a second
  if (!routine) report(trace::to_string(trace::bridge_up{id, where + " from " + connection.remote()}));
  of->attach(id, connection, from.said.options, now());
  const scope_exit attached([&, this] {
    const session::lost_bridge gone = of->detach(id, now());
    if (!routine) report(trace::to_string(trace::bridge_lost{id, where, gone.why}));
  });
  co_await connection.run(of->core(), id, std::move(from.rest));
}

}  // namespace mtcp::detail
