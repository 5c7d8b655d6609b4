#include "status/status_server.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_static_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <memory>

#include "mtcp/net/asio/deadline.hpp"

namespace mtcp::status {
namespace {

constexpr std::size_t max_request = 8'192;
constexpr std::size_t max_body = 1'024;

// So many connections over the limit get a 503; further ones wait in the system's queue.
constexpr std::size_t turned_away_at_once = 16;

constexpr std::string_view security_fields =
    "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n";

using input = boost::beast::flat_static_buffer<max_request>;

std::string status_line(http::status s) {
  const auto reason = http::obsolete_reason(s);
  return "HTTP/1.1 " + std::to_string(static_cast<unsigned>(s)) + ' ' + std::string(reason.data(), reason.size()) +
         "\r\n";
}

std::string head_of(const answer& a, bool last) {
  std::string head = status_line(a.status);
  head += security_fields;
  head += a.fields;
  if (a.status != http::status::no_content && a.status != http::status::not_modified)
    head += "Content-Type: " + std::string(a.type) + "\r\nContent-Length: " + std::to_string(a.body.size()) + "\r\n";
  if (last) head += "Connection: close\r\n";
  return head + "\r\n";
}

http::status status_of(const error_code& e) {
  if (e == http::error::header_limit || e == http::error::buffer_overflow)
    return http::status::request_header_fields_too_large;
  return e == http::error::body_limit ? http::status::payload_too_large : http::status::bad_request;
}

bool is_http_error(const error_code& e) {
  return e.category() == http::make_error_code(http::error::bad_method).category();
}

/// Output that is a snapshot old when it leaves is of no use.
void keep_little_unsent(tcp::socket& client) {
  error_code ignored;
  client.set_option(asio::socket_base::send_buffer_size(64 * 1024), ignored);
}

double unix_now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

}  // namespace

/// A connection among those that stop() closes.
class status_server::presence {
 public:
  presence(std::unordered_set<tcp::socket*>& all, tcp::socket& one) : all_(all), one_(one) { all_.insert(&one); }
  presence(const presence&) = delete;
  presence& operator=(const presence&) = delete;
  ~presence() { all_.erase(&one_); }

 private:
  std::unordered_set<tcp::socket*>& all_;
  tcp::socket& one_;
};

status_server::status_server(const executor& where, server_options how, site_options what, site::look see,
                             task_group::failure_handler on_failure)
    : how_(how),
      site_(std::move(what), std::move(see)),
      tick_(where),
      sampled_(where),
      background_(where, on_failure),
      listener_(
          where, how.listen, how.max_clients + turned_away_at_once,
          [this](tcp::socket client) { return serve(std::move(client)); }, on_failure) {}

task<> status_server::run() {
  background_.start(watch());
  co_await listener_.run();
  co_await background_.wait();
}

void status_server::stop() {
  stopped_ = true;
  listener_.stop();
  tick_.cancel();
  sampled_.notify_all();
  error_code ignored;
  for (tcp::socket* client : clients_) client->close(ignored);
}

task<> status_server::watch() {
  auto due = clock::now();
  while (!stopped_) {
    site_.tick(unix_now());
    sampled_.notify_all();
    due = std::max(due + std::chrono::seconds(1),
                   clock::now());  // so that no burst of samples follows when the machine was suspended
    tick_.expires_at(due);
    co_await tick_.async_wait(use_result);
  }
}

task<> status_server::serve(tcp::socket client) {
  const presence present(clients_, client);
  keep_little_unsent(client);
  co_await answer_requests(client, clients_.size() <= how_.max_clients);
  error_code ignored;
  client.shutdown(tcp::socket::shutdown_send, ignored);
}

task<> status_server::answer_requests(tcp::socket& client, bool room) {
  const auto buffer = std::make_unique<input>();
  while (!stopped_) {
    auto limit = std::make_unique<deadline>(client, how_.deadline);
    http::request_parser<http::string_body> parser;
    parser.header_limit(max_request);
    parser.body_limit(max_body);
    const auto [error, size] = co_await http::async_read(client, *buffer, parser, use_result);
    const request& asked = parser.get();
    if (error && is_http_error(error) && error != http::error::end_of_stream && error != http::error::partial_message) {
      const answer wrong = site::error(status_of(error));
      co_await send(client, wrong, asked, true);
    }
    if (error) co_return;
    const bool feeding = site_.wants_events(asked);
    room = room && (!feeding || subscribers_ < how_.max_subscribers);
    if (room && feeding) {
      limit.reset();
      co_return co_await feed(client);
    }
    const bool last = !room || !asked.keep_alive();
    answer reply = site::error(http::status::service_unavailable);
    if (room) reply = site_.respond(asked);
    const error_code failed = co_await send(client, reply, asked, last);
    if (failed || last) co_return;
  }
}

task<> status_server::feed(tcp::socket& client) {
  struct seat {
    std::size_t& taken;
    ~seat() { --taken; }
  } const own{++subscribers_};
  std::string head = status_line(http::status::ok) + std::string(security_fields) +
                     "Content-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
                     "retry: 2000\n\n";
  while (!stopped_) {
    const text_ref event = site_.event();
    const deadline limit(client, how_.deadline);
    const error_code failed = co_await send(client, head, *event);
    if (failed || stopped_) co_return;
    head.clear();
    co_await sampled_.wait();
  }
}

task<error_code> status_server::send(tcp::socket& client, std::string_view head, std::string_view body) {
  const std::array<asio::const_buffer, 2> all{asio::buffer(head), asio::buffer(body)};
  const auto [error, size] = co_await asio::async_write(client, all, use_result);
  co_return error;
}

task<error_code> status_server::send(tcp::socket& client, const answer& a, const request& r, bool last) {
  const std::string head = head_of(a, last);
  const std::string_view body = r.method() == http::verb::head ? std::string_view() : a.body;
  const error_code error = co_await send(client, head, body);
  co_return error;
}

}  // namespace mtcp::status
