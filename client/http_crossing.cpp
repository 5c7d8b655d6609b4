#include "http_crossing.hpp"

#include <array>
#include <boost/asio/socket_base.hpp>
#include <memory>
#include <string>
#include <utility>

#include "mended_stream.hpp"
#include "mtcp/error.hpp"
#include "mtcp/net/asio/task_group.hpp"

namespace mtcp::client {
namespace {

using response_parser = http::response_parser<http::buffer_body>;

constexpr std::size_t max_response_head = 2 * response_mender::max_head;  // lines get longer as they are mended

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

/// What an application is told that gets no response.
std::string failure(const mended_stream& from, const error_code& error) {
  if (error == errc::quota_used_up) return own_response(http::status::forbidden, "mtcp: " + error.message() + "\n");
  const response_mender& got = from.mender();
  const bool ended = error == http::error::end_of_stream || error == http::error::partial_message;
  std::string why = ended ? "destination ended the connection" : "connection to the destination was lost";
  why += got.has_begun() ? " before the head of the response was complete" : " without a response";
  if (got.fault()) why = "destination's response " + std::string(got.fault());
  return own_response(http::status::bad_gateway, "mtcp: the " + why + "\n");
}

task<> refuse(crossing& c, std::string_view text) {
  c.last = true;
  const bool ignored = co_await c.with.send(text);
  static_cast<void>(ignored);
}

/// Interim responses (1xx) are passed on, to applications that know them.
task<error_code> send_interim(crossing& c, response_parser& response) {
  if (c.version < 11) co_return error_code();
  prepare_response(response.get(), true);
  response_relay interim{response};
  interim.counter = c.counter;
  co_return co_await interim.write_head(c.with.socket());
}

/// The head at once, since the body may be long in coming; then the body as it comes.
task<error_code> pass_on(crossing& c, response_parser& response, mended_stream& from,
                         boost::beast::flat_buffer& buffer) {
  auto& head = response.get();
  const bool is_framed_well = head.version() == 11 || !head.chunked();  // RFC 9112, section 6.1
  c.remote_persists = is_framed_well && head.keep_alive() && !head.need_eof();
  drop_hop_by_hop(head);  // before it is asked how it ends: the origin closes, as it was told to
  const bool has_body = !c.is_head() && head.result_int() != 204 && head.result_int() != 304;  // nor a last chunk
  if (c.version < 11) head.chunked(false);  // the end of the connection ends the body then
  c.last = c.last || (has_body && head.need_eof());
  prepare_response(head, !c.last);
  response_relay relay{response};
  relay.counter = c.counter;
  const error_code error = co_await relay.write_head(c.with.socket());
  if (error || !has_body) co_return error;
  co_return co_await relay.run(from, buffer, c.with.socket());
}

/// The head of the response with which the origin switches, and what it has already said in the new protocol.
task<error_code> pass_switch(crossing& c, response_parser& response, mended_stream& from,
                             boost::beast::flat_buffer& buffer) {
  prepare_switch(response.get());
  response_relay relay{response};
  relay.counter = c.counter;
  error_code error = co_await relay.write_head(c.with.socket());
  const auto early = buffer.data();
  std::string text(static_cast<const char*>(early.data()), early.size());
  text += from.take_ready();
  if (!error && !co_await c.with.send(text)) error = asio::error::connection_reset;
  if (!error) c.response = response_state::switched;
  co_return error;
}

/// An origin may have closed an old stream before it read the request.
bool is_stale(const crossing& c, const mended_stream& from, const error_code& error) {
  return c.may_be_stale && !from.mender().has_begun() && error != asio::error::operation_aborted;
}

task<error_code> read_response(crossing& c, mended_stream& from) {
  boost::beast::flat_buffer buffer(max_response_head);
  for (;;) {
    response_parser response;
    response.header_limit(max_response_head);
    response.body_limit(boost::none);
    response.skip(c.is_head());
    const auto [error, size] = co_await http::async_read_header(from, buffer, response, use_result);
    if (error && is_stale(c, from, error)) {
      c.response = response_state::stale;
      co_return error;
    }
    if (error) {
      const std::string why = failure(from, error);
      co_await refuse(c, why);
      co_return error;
    }
    const unsigned status = response.get().result_int();
    if (status == 101 && c.upgrades && c.request_is_sent()) co_return co_await pass_switch(c, response, from, buffer);
    if (status == 101) {
      const std::string why =
          own_response(http::status::bad_gateway, "mtcp: the destination switches protocols unasked\n");
      co_await refuse(c, why);
      co_return asio::error::operation_not_supported;
    }
    if (status >= 200) {
      const error_code broken = co_await pass_on(c, response, from, buffer);
      if (broken) c.response = response_state::broken;
      c.remote_persists = c.remote_persists && !broken && from.is_drained() && buffer.size() == 0;
      co_return broken;
    }
    const error_code failed = co_await send_interim(c, response);
    if (failed) co_return failed;
  }
}

task<> download(crossing& c) {
  mended_stream from(c.remote, c.is_head());
  const error_code error = co_await read_response(c, from);
  if (c.response == response_state::awaited) c.response = response_state::over;
  c.request.stopped = true;
  if (error || !c.request_is_sent()) c.last = true;
  error_code ignored;
  c.with.socket().cancel(ignored);  // the other direction waits for the application
  if (c.response == response_state::switched) co_return;
  if (error || !c.request_is_sent()) c.remote_persists = false;
  if (c.remote_persists) co_return;
  c.remote.stop_receive();
  if (!c.request_is_sent()) c.remote.reset_send();
}

}  // namespace

task<> cross(crossing& c) {
  task_group directions(c.with.socket().get_executor(), [&c](const std::exception_ptr&) { give_up(c); });
  directions.start(upload(c));
  directions.start(download(c));
  co_await directions.wait();
}

}  // namespace mtcp::client
