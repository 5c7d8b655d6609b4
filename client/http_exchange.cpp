#include "http_exchange.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/socket_base.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>
#include <cstdint>
#include <memory>
#include <utility>

#include "mtcp/address.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/refusal.hpp"
#include "mtcp/relay.hpp"
#include "opening.hpp"

namespace mtcp::client {
namespace {

constexpr std::size_t piece_size = 16 * 1024;
constexpr std::size_t max_response_head = 64 * 1024;

/// A body on its way from one side to the other, piece by piece as it comes.
template <bool is_request>
struct body_relay {
  http::parser<is_request, http::buffer_body>& from;
  http::serializer<is_request, http::buffer_body> to{from.get()};
  std::unique_ptr<std::byte[]> piece = std::make_unique<std::byte[]>(piece_size);
  bool stopped = false;  // nobody wants the rest

  /// Reads at least one byte of the body, or its end.
  template <class Source>
  task<error_code> read(Source& source, boost::beast::flat_buffer& buffer) {
    auto& body = from.get().body();
    std::size_t size = 0;
    error_code error;
    while (!error && size == 0 && !from.is_done() && !stopped) {
      body.data = piece.get();
      body.size = piece_size;
      auto [failed, taken] = co_await http::async_read_some(source, buffer, from, use_result);
      size = piece_size - body.size;
      if (failed != http::error::need_buffer) error = failed;
    }
    body.data = size != 0 ? piece.get() : nullptr;  // an empty piece would be taken for the last chunk
    body.size = size;
    body.more = !from.is_done();
    co_return error;
  }

  template <class Sink>
  task<error_code> write(Sink& sink) {
    auto [error, size] = co_await http::async_write(sink, to, use_result);
    if (error == http::error::need_buffer) error = {};
    co_return error;
  }

  /// All that is left of the message.
  template <class Source, class Sink>
  task<error_code> run(Source& source, boost::beast::flat_buffer& buffer, Sink& sink) {
    while (!to.is_done() && !stopped) {
      error_code error = co_await read(source, buffer);
      if (!error) error = co_await write(sink);
      if (error) co_return error;
    }
    co_return error_code();
  }
};

using request_relay = body_relay<true>;
using response_relay = body_relay<false>;

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

enum class response_state : std::uint8_t {
  awaited,
  over,   ///< it was passed on whole, or will not come
  broken  ///< it ended before its end
};

/// Both directions of one exchange.
struct crossing {
  dialogue& with;
  request_relay& request;
  stream& remote;
  bool last;  ///< the application sends no more requests on this connection
  response_state response = response_state::awaited;

  bool request_is_sent() const { return request.to.is_done(); }
};

void give_up(crossing& c) {
  c.last = true;
  c.remote.reset_send();
  c.remote.stop_receive();
}

/// While it waits for the response an application may leave, or send an end of file and wait on, as with any server.
task<> watch_application(crossing& c) {
  tcp::socket& application = c.with.socket();
  if (c.with.buffer().size() != 0) co_return;  // the next request is there
  const auto [error] = co_await application.async_wait(asio::socket_base::wait_read, use_result);
  if (error || c.response != response_state::awaited) co_return;
  std::array<char, 1> first;
  error_code gone;
  const std::size_t size = application.receive(asio::buffer(first), asio::socket_base::message_peek, gone);
  if (gone == asio::error::would_block || (!gone && size != 0)) co_return;
  if (gone != asio::error::eof) co_return give_up(c);
  c.last = true;
  c.remote.shutdown_send();
}

task<> upload(crossing& c) {
  const error_code error = co_await c.request.run(c.with.socket(), c.with.buffer(), c.remote);
  if (c.response != response_state::awaited) co_return;
  // A destination that reads no more may still answer, and says so by its response.
  if (error && c.remote.is_open() && error != asio::error::connection_reset) co_return give_up(c);
  co_await watch_application(c);
}

/// Interim responses (1xx) are passed on, to applications that know them.
task<error_code> send_interim(dialogue& with, http::response_parser<http::buffer_body>& response) {
  response_relay interim{response};
  interim.to.split(true);
  auto [error, size] = co_await http::async_write_header(with.socket(), interim.to, use_result);
  co_return error;
}

/// The response itself, from its head on.
task<error_code> pass_on(crossing& c, http::response_parser<http::buffer_body>& response,
                         boost::beast::flat_buffer& buffer, bool has_body) {
  auto& head = response.get();
  drop_hop_by_hop(head);  // before it is asked how it ends: the origin closes, as it was told to
  c.last = c.last || head.need_eof();
  head.keep_alive(!c.last);
  response_relay relay{response};
  if (has_body) co_return co_await relay.run(c.remote, buffer, c.with.socket());
  relay.to.split(true);
  auto [error, size] = co_await http::async_write_header(c.with.socket(), relay.to, use_result);
  co_return error;
}

task<error_code> read_response(crossing& c) {
  boost::beast::flat_buffer buffer(max_response_head);
  const bool has_body = c.request.from.get().method() != http::verb::head;
  for (;;) {
    http::response_parser<http::buffer_body> response;
    response.header_limit(max_response_head);
    response.body_limit(boost::none);
    response.skip(!has_body);
    const auto [error, size] = co_await http::async_read_header(c.remote, buffer, response, use_result);
    if (error) {
      const std::string answer = own_response(http::status::bad_gateway, "The destination sent no HTTP response.\n");
      co_await c.with.send(answer);
      c.last = true;
      co_return error;
    }
    const unsigned status = response.get().result_int();
    if (status >= 200) {
      const error_code broken = co_await pass_on(c, response, buffer, has_body);
      if (broken) c.response = response_state::broken;
      co_return broken;
    }
    const bool known = c.request.from.get().version() == 11 && status != 101;
    const error_code failed = known ? co_await send_interim(c.with, response) : error_code();
    if (failed) co_return failed;
  }
}

task<> download(crossing& c) {
  const error_code error = co_await read_response(c);
  if (c.response == response_state::awaited) c.response = response_state::over;
  c.request.stopped = true;
  if (error || !c.request_is_sent()) c.last = true;
  error_code ignored;
  c.with.socket().cancel(ignored);  // the other direction waits for the application
  c.remote.stop_receive();
  if (!c.request_is_sent()) c.remote.reset_send();
}

}  // namespace

std::string http_answer(const error_code& error, const core::target&) {
  if (!error) return "HTTP/1.1 200 Connection established\r\n\r\n";
  const auto why = refusal_of(error);
  http::status status = http::status::bad_gateway;
  if (why == core::refusal::policy) status = http::status::forbidden;
  if (why == core::refusal::host_unreachable || error == asio::error::timed_out) status = http::status::gateway_timeout;
  return own_response(status, "mtcp: " + error.message() + "\n");
}

task<bool> exchange(const local_port& port, dialogue& with, http_request_parser& request, proxy::absolute_uri to) {
  const bool last = !request.get().keep_alive();
  prepare_request(request.get(), to);
  request_relay relay{request};
  const std::string head = take_head(relay);
  const std::string name = to_string(to.to);
  const auto early = std::as_bytes(std::span(head));
  const end_of_file means = end_of_file::said_all;  // its request: it may end its side behind that, as with any server
  auto [error, remote] = co_await open_for(with.socket(), port.through, std::move(to.to), early, means);
  spdlog::debug("http {}: {}", name, error ? error.message() : "open");
  if (error) {
    const std::string answer = http_answer(error, {});
    co_await with.send_last(answer);
    co_return false;
  }
  crossing c{with, relay, remote, last};
  task_group directions(with.socket().get_executor(), [&c](const std::exception_ptr&) { give_up(c); });
  directions.start(upload(c));
  directions.start(download(c));
  co_await directions.wait();
  remote.close();
  // Or a body without a length would seem to be complete.
  if (c.response == response_state::broken) co_await close_with_reset(with.socket());
  co_return !c.last;
}

}  // namespace mtcp::client
