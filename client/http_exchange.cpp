#include "http_exchange.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <utility>

#include "http_crossing.hpp"
#include "mtcp/address.hpp"
#include "mtcp/error.hpp"
#include "mtcp/refusal.hpp"
#include "mtcp/relay.hpp"
#include "opening.hpp"

namespace mtcp::client {
namespace {

/// The head as it goes on the wire; the serializer stands behind it then.
std::string take_head(request_relay& request) {
  std::string out;
  error_code error;
  request.to.split(true);
  while (!error && !request.to.is_header_done())
    request.to.next(error, [&](error_code&, const auto& buffers) {
      const std::string part = boost::beast::buffers_to_string(buffers);
      out += part;
      request.to.consume(part.size());
    });
  return out;
}

/// A request that may be sent again without harm (RFC 9110, section 9.2.2), and still can be: bodies are not kept.
bool may_be_repeated(const http_request_parser& request) {
  switch (request.get().method()) {
    case http::verb::get:
    case http::verb::head:
    case http::verb::options:
    case http::verb::trace:
    case http::verb::put:
    case http::verb::delete_:
      return request.is_done();
    default:
      return false;
  }
}

/// One request on its way.
struct sending {
  const local_port& port;
  dialogue& with;
  request_relay request;
  core::target to;
  std::string head;
  connection_use use;
  bool keeps;        ///< the stream, for the application's next request
  unsigned version;  ///< the application's
  bool last;
  std::unique_ptr<program::book_entry> entry{};  ///< null if there is no book
};

/// From here on what it carries is written down; its head is on its way.
void open_entry(sending& s, bool direct) {
  s.entry = program::entry_in(s.port.book, {s.to, source_of(s.with.socket()), s.with.user(), direct});
  s.request.counter = s.entry.get();
  if (s.entry) s.entry->crossed(s.head.size(), false);
}

task<opening> open_new(sending& s) {
  const auto early = std::as_bytes(std::span(s.head));
  const end_of_file means = end_of_file::said_all;  // its request: it may end its side behind that, as with any server
  core::target to = s.to;
  const router::way way = way_for(s.port, s.with.socket(), to);
  opening got = co_await open_by(way, s.port, s.with.socket(), std::move(to), early, means);
  log_opening("http", to_string(s.to), way, got);
  if (!got.error) open_entry(s, way.to == proxy::route::direct);
  co_return got;
}

/// Sends the request through `remote`, which has its head, and passes the response on.
task<crossing> cross_with(sending& s, stream& remote, bool may_be_stale) {
  s.request.stopped = false;
  crossing c{.with = s.with,
             .request = s.request,
             .remote = remote,
             .last = s.last,
             .upgrades = s.use == connection_use::upgrade,
             .may_be_stale = may_be_stale,
             .version = s.version,
             .counter = s.entry.get()};
  co_await cross(c);
  co_return c;
}

/// What is to be done behind the response.
task<exchanged> conclude(sending& s, const crossing& c, stream remote, kept_origin& origin) {
  if (s.entry)
    s.entry->ended(c.response == response_state::broken ? relayed::ending::remote_reset : relayed::ending::closed);
  if (c.response == response_state::switched) {
    const auto early = s.with.bytes();
    const auto all = asio::buffer(early.data(), early.size());
    const auto [error, size] = co_await asio::async_write(remote, all, use_result);
    exchanged out;
    if (error) co_return out;
    out.switched = std::move(remote);
    out.entry = std::move(s.entry);
    co_return out;
  }
  if (s.keeps && c.remote_persists && !c.last) {
    origin.keep(std::move(remote), s.to);
  } else {
    remote.close();
  }
  // Or a body without a length would seem to be complete.
  if (c.response == response_state::broken) co_await close_with_reset(s.with.socket());
  co_return exchanged{.more = !c.last};
}

/// With the stream that the last request left, if it is still good. Empty if the request needs a new one.
task<std::optional<exchanged>> send_on_kept(sending& s, stream remote, bool may_be_stale, kept_origin& origin) {
  const auto [error, size] = co_await asio::async_write(remote, asio::buffer(s.head), use_result);
  if (error && may_be_stale) co_return std::nullopt;
  open_entry(s, false);
  const crossing c = co_await cross_with(s, remote, may_be_stale);
  if (c.response == response_state::stale) {
    s.entry.reset();
    co_return std::nullopt;
  }
  auto end = co_await conclude(s, c, std::move(remote), origin);
  co_return std::move(end);
}

}  // namespace

std::string http_answer(const opening& of) {
  const error_code& error = of.error;
  if (!error) return "HTTP/1.1 200 Connection established\r\n\r\n";
  const auto why = refusal_of(error);
  http::status status = http::status::bad_gateway;
  if (why == core::refusal::policy || why == core::refusal::quota) status = http::status::forbidden;
  if (error == errc::quota_used_up) status = http::status::forbidden;
  if (error == errc::tunnel_down) status = http::status::service_unavailable;
  if (why == core::refusal::host_unreachable || error == asio::error::timed_out) status = http::status::gateway_timeout;
  return own_response(status, "mtcp: " + (of.why.empty() ? error.message() : of.why) + "\n");
}

task<exchanged> exchange(const local_port& port, dialogue& with, http_request_parser& request, proxy::absolute_uri to,
                         kept_origin& origin) {
  auto& message = request.get();
  const unsigned version = message.version();
  // To keep a connection of HTTP/1.0 is nothing for a proxy (RFC 9112, section 9.3).
  const bool last = version < 11 || !message.keep_alive();
  const bool may_be_stale = may_be_repeated(request);
  std::optional<stream> kept = co_await origin.take(to.to);
  const bool keeps = kept || logs_in(message);
  connection_use use = keeps ? connection_use::kept : connection_use::once;
  if (asks_for_upgrade(message)) use = connection_use::upgrade;
  prepare_request(message, to, use);
  sending s{port, with, request_relay{request}, std::move(to.to), {}, use, keeps, version, last};
  s.head = take_head(s.request);
  if (kept) {
    auto end = co_await send_on_kept(s, std::move(*kept), may_be_stale, origin);
    if (end) co_return std::move(*end);
  }
  opening got = co_await open_new(s);
  if (got.error) {
    const std::string answer = http_answer(got);
    co_await with.send_last(answer);
    co_return exchanged{};
  }
  const crossing c = co_await cross_with(s, got.remote, false);
  auto end = co_await conclude(s, c, std::move(got.remote), origin);
  co_return std::move(end);
}

}  // namespace mtcp::client
