// HTTP proxy (RFC 9110, section 7.3; RFC 9112, section 3.2): CONNECT, plain requests in absolute-form, and the one page
// that the port serves itself.
#include <boost/beast/http/read.hpp>
#include <optional>
#include <utility>

#include "connect.hpp"
#include "http_exchange.hpp"
#include "http_head.hpp"
#include "local_port.hpp"
#include "login.hpp"
#include "max_forwards.hpp"
#include "mtcp/address.hpp"
#include "mtcp/proxy/pac.hpp"

namespace mtcp::client {
namespace {

// How long a connection may wait between two requests.
constexpr std::chrono::seconds idle_limit{60};

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

std::string_view text_in(const dialogue& with) {
  const auto bytes = with.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_http_error(const error_code& e) {
  return e.category() == http::make_error_code(http::error::bad_method).category();
}

task<> refuse_malformed(dialogue& with, const error_code& error) {
  const bool silent =
      !is_http_error(error) || error == http::error::end_of_stream || error == http::error::partial_message;
  if (silent) co_return;
  const bool too_long = error == http::error::header_limit || error == http::error::buffer_overflow;
  const auto status = too_long ? http::status::request_header_fields_too_large : http::status::bad_request;
  const std::string text = own_response(status, "mtcp: this is no HTTP request\n");
  co_await with.send_last(text);
}

/// The answer to one who may not use the port; after a while, if the password was wrong. Empty if he may.
task<std::string> refuse_login(const local_port& port, dialogue& with, const http::fields& head) {
  if (port.users.empty()) co_return std::string();
  const auto given = basic_credentials(head);
  const login found = given ? check_login(port, with, given->name, given->password) : login::wrong;
  if (found == login::right) co_return std::string();
  if (found == login::refused)
    co_return own_response(http::status::too_many_requests, "mtcp: too many wrong passwords\n", "Retry-After: 5\r\n");
  if (given) co_await failed_login(*port.failed_logins, with, given->name);
  co_return own_response(http::status::proxy_authentication_required, "mtcp: name and password, please\n",
                         "Proxy-Authenticate: Basic realm=\"mtcp\", charset=\"UTF-8\"\r\n");
}

/// The address under which the application has found this port: by Host, since a container's port may be mapped to
/// another; otherwise that of the connection.
core::target reached_at(dialogue& with, const http::fields& head) {
  const auto named = proxy::parse_authority(view(head[http::field::host]));
  if (named) return *named;
  error_code gone;
  const tcp::endpoint local = with.socket().local_endpoint(gone);
  return to_target({unmapped(local.address()), local.port()});
}

/// Requests for the port itself.
std::string own_page(const local_port& port, dialogue& with, const http::request_header<>& head) {
  const std::string_view target = view(head.target());
  const bool is_read = head.method() == http::verb::get || head.method() == http::verb::head;
  if (!is_read || target.substr(0, target.find('?')) != "/proxy.pac")
    return own_response(http::status::not_found, "mtcp: this is a proxy; it serves nothing but /proxy.pac\n");
  const core::target here = reached_at(with, head);
  const bool has_users = !port.users.empty();
  const std::string script = port.ways ? port.ways->pac(here, has_users, origin_of(with.socket()))
                                       : proxy::proxy_pac(here, {.with_users = has_users});
  std::string page = own_response(http::status::ok, script,
                                  "Content-Type: " + std::string(proxy::pac_type) + "\r\nCache-Control: no-store\r\n");
  if (head.method() == http::verb::head) page.resize(page.size() - script.size());
  return page;
}

/// Passes a request on to its destination.
task<exchanged> forward(const local_port& port, dialogue& with, http_request_parser& request, kept_origin& origin) {
  auto to = proxy::parse_absolute_uri(view(request.get().target()));
  std::optional<std::string> answer;
  std::string refusal = co_await refuse_login(port, with, request.get());
  if (!refusal.empty()) {
    answer = std::move(refusal);
  } else if (!to) {
    answer = own_response(http::status::bad_request, "mtcp: a proxy is asked for http://HOST/ or CONNECT\n");
  } else if (!is_framed_clearly(request.get())) {
    answer = own_response(http::status::bad_request, "mtcp: the request has a Transfer-Encoding that is not chunked\n");
  } else {
    answer = answer_to_last_hop(request.get());
  }
  if (!answer) co_return co_await exchange(port, with, request, std::move(*to), origin);
  co_await with.send_last(*answer);
  co_return exchanged{};
}

task<std::optional<joined>> tunnel_through(const local_port& port, std::unique_ptr<dialogue> with,
                                           const http::request_header<>& head) {
  auto to = proxy::parse_authority(view(head.target()));
  std::string refusal = co_await refuse_login(port, *with, head);
  if (refusal.empty() && !to) refusal = own_response(http::status::bad_request, "mtcp: CONNECT wants HOST:PORT\n");
  if (refusal.empty()) co_return co_await connect(port, std::move(with), std::move(*to), "http", http_answer);
  co_await with->send_last(refusal);
  co_return std::nullopt;
}

/// Empty lines before a request (RFC 9112, section 2.2): some send one behind a body. False if the application leaves.
task<bool> skip_empty_lines(dialogue& with) {
  for (;;) {
    std::string_view text = text_in(with);
    while (text.starts_with("\r\n") || text.starts_with("\n")) {
      with.drop(text.front() == '\r' ? 2 : 1);
      text = text_in(with);
    }
    if (!text.empty() && text != "\r") co_return true;
    if (!co_await with.more()) co_return false;
  }
}

/// The next request up to the end of its head; null once there is none.
task<std::unique_ptr<http_request_parser>> read_request(const local_port& port, dialogue& with) {
  auto request = std::make_unique<http_request_parser>();
  request->header_limit(dialogue::buffer_size);
  request->body_limit(boost::none);
  std::optional<idle_sockets::stay> idle(std::in_place, *port.idle, with.socket());
  if (!co_await skip_empty_lines(with)) co_return nullptr;
  const auto [error, size] = co_await http::async_read_header(with.socket(), with.buffer(), *request, use_result);
  idle.reset();
  if (!error) co_return std::move(request);
  co_await refuse_malformed(with, error);
  co_return nullptr;
}

}  // namespace

task<std::optional<joined>> serve_http(const local_port& port, std::unique_ptr<dialogue> with) {
  kept_origin origin;
  for (bool more = true; more; with->set_limit(idle_limit)) {
    auto request = co_await read_request(port, *with);
    if (!request) co_return std::nullopt;
    with->lift_limit();
    const http::request_header<>& head = request->get();
    if (head.method() == http::verb::connect) {
      const http::request_header<> kept = head;
      request.reset();
      co_return co_await tunnel_through(port, std::move(with), kept);
    }
    if (view(head.target()).starts_with('/')) {
      const std::string page = own_page(port, *with, head);
      co_await with->send_last(page);
      co_return std::nullopt;
    }
    exchanged end = co_await forward(port, *with, *request, origin);
    if (end.switched.is_open()) co_return joined{with->release(), std::move(end.switched), std::move(end.entry)};
    more = end.more;
  }
  co_await with->farewell();
  co_return std::nullopt;
}

}  // namespace mtcp::client
