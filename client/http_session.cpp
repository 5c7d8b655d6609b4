// HTTP proxy (RFC 9110, section 7.3; RFC 9112, section 3.2): CONNECT, plain requests in absolute-form, and the one page
// that the port serves itself.
#include <boost/beast/http/read.hpp>
#include <optional>
#include <utility>

#include "connect.hpp"
#include "http_exchange.hpp"
#include "http_head.hpp"
#include "local_port.hpp"
#include "mtcp/address.hpp"
#include "mtcp/proxy/pac.hpp"

namespace mtcp::client {
namespace {

// How long a connection may wait between two requests.
constexpr std::chrono::seconds idle_limit{60};

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

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

bool admits(const local_port& port, const http::fields& head) {
  if (port.users.empty()) return true;
  const auto given = basic_credentials(head);
  return given && port.users.admits(given->name, given->password);
}

std::string demand_login() {
  return own_response(http::status::proxy_authentication_required, "mtcp: name and password, please\n",
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
  const std::string script = proxy::proxy_pac(reached_at(with, head), !port.users.empty());
  std::string page = own_response(http::status::ok, script,
                                  "Content-Type: " + std::string(proxy::pac_type) + "\r\nCache-Control: no-store\r\n");
  if (head.method() == http::verb::head) page.resize(page.size() - script.size());
  return page;
}

/// Passes a request on to its destination. True if another request may follow on this connection.
task<bool> forward(const local_port& port, dialogue& with, http_request_parser& request) {
  auto to = proxy::parse_absolute_uri(view(request.get().target()));
  std::string refusal;
  if (!to) refusal = own_response(http::status::bad_request, "mtcp: a proxy is asked for http://HOST/ or CONNECT\n");
  if (!admits(port, request.get())) refusal = demand_login();
  if (refusal.empty()) co_return co_await exchange(port, with, request, std::move(*to));
  co_await with.send_last(refusal);
  co_return false;
}

task<std::optional<joined>> tunnel_through(const local_port& port, std::unique_ptr<dialogue> with,
                                           const http::request_header<>& head) {
  auto to = proxy::parse_authority(view(head.target()));
  std::string refusal;
  if (!to) refusal = own_response(http::status::bad_request, "mtcp: CONNECT wants HOST:PORT\n");
  if (!admits(port, head)) refusal = demand_login();
  if (refusal.empty()) co_return co_await connect(port, std::move(with), std::move(*to), "http", http_answer);
  co_await with->send_last(refusal);
  co_return std::nullopt;
}

}  // namespace

task<std::optional<joined>> serve_http(const local_port& port, std::unique_ptr<dialogue> with) {
  for (bool more = true; more; with->set_limit(idle_limit)) {
    auto request = std::make_unique<http_request_parser>();
    request->header_limit(dialogue::buffer_size);
    request->body_limit(boost::none);
    std::optional<idle_sockets::stay> idle(std::in_place, *port.idle, with->socket());
    const auto [error, size] = co_await http::async_read_header(with->socket(), with->buffer(), *request, use_result);
    idle.reset();
    if (error) {
      co_await refuse_malformed(*with, error);
      co_return std::nullopt;
    }
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
    more = co_await forward(port, *with, *request);
  }
  co_await with->farewell();
  co_return std::nullopt;
}

}  // namespace mtcp::client
