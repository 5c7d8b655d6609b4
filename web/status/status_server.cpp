#include "status/status_server.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_static_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/system/system_error.hpp>
#include <memory>
#include <utility>

#include "mtcp/net/asio/clock.hpp"
#include "mtcp/net/asio/deadline.hpp"
#include "mtcp/net/platform/file_opening.hpp"
#include "mtcp/net/platform/local_socket.hpp"

namespace mtcp::status {
namespace {

constexpr std::size_t max_request = 32'768;  // browsers send what all ports of localhost have set as cookies
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

constexpr std::chrono::seconds every_sample{1}, rare_sample{5};
constexpr std::chrono::seconds attention{10};  // so long after a request more are to be expected

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

/// A connection among those that may go to make room.
class status_server::idleness {
 public:
  idleness(std::list<tcp::socket*>& all, tcp::socket& one) : all_(all), place_(all.insert(all.end(), &one)) {}
  idleness(const idleness&) = delete;
  idleness& operator=(const idleness&) = delete;
  ~idleness() { all_.erase(place_); }

 private:
  std::list<tcp::socket*>& all_;
  std::list<tcp::socket*>::iterator place_;
};

status_server::status_server(const executor& where, server_options how, site_options what, site::look see,
                             task_group::failure_handler on_failure)
    : how_(std::move(how)),
      site_(std::move(what), std::move(see)),
      tick_(where),
      sampled_(where),
      background_(where, on_failure),
      services_(where, on_failure) {
  const listener::service each = [this](tcp::socket client) { return serve(std::move(client)); };
  for (const tcp::endpoint& local : how_.listen)
    listeners_.push_back(
        std::make_unique<listener>(where, local, how_.max_clients + turned_away_at_once, each, on_failure));
  if (!how_.control.empty()) open_control();
}

void status_server::open_control() {
  const auto listening = platform::listen_at(how_.control);
  if (!listening) throw boost::system::system_error(listening.error(), how_.control);
  control_.emplace(tick_.get_executor(), control_protocol(), *listening);
}

// What serves a connection asks nothing of it that is TCP's alone.
task<> status_server::serve_control() {
  constexpr std::chrono::milliseconds pause_after_failure{100};
  while (!stopped_) {
    auto [error, accepted] = co_await control_->async_accept(use_result);
    if (error == asio::error::operation_aborted || stopped_) break;
    if (error) {
      timer pause(tick_.get_executor(), pause_after_failure);
      co_await pause.async_wait(use_result);
      continue;
    }
    tcp::socket client(tick_.get_executor(), tcp::protocol::v4(), accepted.release());
    services_.start(serve_owner(std::move(client)));
  }
}

std::vector<tcp::endpoint> status_server::local_endpoints() const {
  std::vector<tcp::endpoint> all;
  for (const auto& one : listeners_) all.push_back(one->local_endpoint());
  return all;
}

task<> status_server::run() {
  background_.start(watch());
  for (const auto& one : listeners_) services_.start(one->run());
  if (control_) services_.start(serve_control());
  co_await services_.wait();
  co_await background_.wait();
}

void status_server::stop() {
  if (!stopped_) site_.end();
  stopped_ = true;
  for (const auto& one : listeners_) one->stop();
  tick_.cancel();
  sampled_.notify_all();
  error_code ignored;
  for (tcp::socket* client : clients_) client->close(ignored);
  for (tcp::socket* owner : owners_) owner->close(ignored);
  if (!control_) return;
  control_->close(ignored);
  static_cast<void>(platform::open_file(how_.control, platform::file_use::remove));
}

// It counts no more from now on, although its coroutine has yet to notice.
void status_server::make_room() {
  if (clients_.size() < how_.max_clients || idle_.empty()) return;
  tcp::socket* const longest = idle_.front();
  clients_.erase(longest);
  error_code ignored;
  longest->close(ignored);
}

task<> status_server::watch() {
  due_ = std::chrono::floor<std::chrono::seconds>(clock::now());
  while (!stopped_) {
    site_.tick(unix_now());
    sampled_.notify_all();
    // From now on: no burst of samples is to follow when the machine was suspended.
    due_ = clock::time_point(core::next_multiple(mtcp::now(), until_next_sample()));
    while (!stopped_ && clock::now() < due_) {
      tick_.expires_at(due_);
      co_await tick_.async_wait(use_result);
    }
  }
}

// An idle program that nobody looks at should let the processor sleep.
std::chrono::seconds status_server::until_next_sample() const {
  const bool watched = subscribers_ > 0 || clock::now() - last_asked_ < attention;
  return watched || !site_.quiet() ? every_sample : rare_sample;
}

// Somebody asks, and is not to see old samples for longer than a second. All are whole seconds apart, as the history
// has them.
void status_server::attend() {
  last_asked_ = clock::now();
  if (due_ <= last_asked_ + every_sample) return;
  due_ -= std::chrono::floor<std::chrono::seconds>(due_ - last_asked_);
  tick_.cancel();
}

task<> status_server::serve(tcp::socket client) {
  make_room();
  const presence present(clients_, client);
  keep_little_unsent(client);
  co_await answer_requests(client, clients_.size() <= how_.max_clients, false);
  error_code ignored;
  client.shutdown(tcp::socket::shutdown_send, ignored);
}

task<> status_server::serve_owner(tcp::socket client) {
  const presence present(owners_, client);
  keep_little_unsent(client);
  co_await answer_requests(client, true, true);
  error_code ignored;
  client.shutdown(tcp::socket::shutdown_send, ignored);
}

task<> status_server::answer_requests(tcp::socket& client, bool room, bool trusted) {
  const auto buffer = std::make_unique<input>();
  for (bool first = true; !stopped_; first = false) {
    auto limit = std::make_unique<deadline>(client, first ? how_.first_deadline : how_.deadline);
    std::optional<idleness> idle;
    if (!trusted) idle.emplace(idle_, client);
    http::request_parser<http::string_body> parser;
    parser.header_limit(max_request);
    parser.body_limit(max_body);
    const auto [error, size] = co_await http::async_read(client, *buffer, parser, use_result);
    idle.reset();
    limit = std::make_unique<deadline>(client, how_.deadline);
    const request& asked = parser.get();
    if (error && is_http_error(error) && error != http::error::end_of_stream && error != http::error::partial_message) {
      const answer wrong = site::error(status_of(error));
      co_await send(client, wrong, asked, true);
    }
    if (error) co_return;
    attend();
    const bool feeding = site_.wants_events(asked);
    room = room && (!feeding || subscribers_ < how_.max_subscribers);
    if (room && feeding) {
      limit.reset();
      co_return co_await feed(client);
    }
    const bool last = !room || !asked.keep_alive();
    answer reply = site::error(http::status::service_unavailable);
    if (room) reply = site_.respond(asked, trusted);
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
                     "Content-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n"
                     "Connection: close\r\n\r\n"
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
