// SOCKS5: greeting, login where users are needed, request.
#include <optional>
#include <utility>

#include "connect.hpp"
#include "local_port.hpp"
#include "login.hpp"
#include "mtcp/proxy/password.hpp"
#include "mtcp/proxy/socks5.hpp"
#include "socks_reply.hpp"
#include "udp_association.hpp"

namespace mtcp::client {
namespace {

std::string answer(const opening& of) {
  return text_of(proxy::encoded_reply(reply_to(of.error), bound_of(of)).bytes());
}

/// True once a method is agreed on.
task<bool> choose_method(dialogue& with, proxy::method wanted) {
  const auto greeting = co_await next_message(with, proxy::decode_greeting);
  if (!greeting) co_return false;
  const proxy::method chosen = proxy::choose(greeting.value(), wanted);
  const auto choice = proxy::encode_choice(chosen);
  const bool sent = co_await with.send(choice);
  if (sent && chosen == proxy::method::no_acceptable) co_await with.farewell();
  co_return sent&& chosen != proxy::method::no_acceptable;
}

/// True once the application has proved to be one of the users.
task<bool> log_in(dialogue& with, const local_port& port) {
  const auto login = co_await next_message(with, proxy::decode_login);
  if (!login) co_return false;
  const client::login found = check_login(port, with, login.value().name, login.value().password);
  const bool admitted = found == client::login::right;
  if (found == client::login::wrong) co_await failed_login(*port.failed_logins, with, login.value().name);
  const auto verdict = proxy::encode_login_answer(admitted);
  const bool sent = co_await with.send(verdict);
  if (sent && !admitted) co_await with.farewell();
  co_return sent&& admitted;
}

task<bool> greet(dialogue& with, const local_port& port) {
  const bool open = port.users.empty();
  if (!co_await choose_method(with, open ? proxy::method::none : proxy::method::password)) co_return false;
  co_return open || co_await log_in(with, port);
}

/// Empty if there is nothing more to do for this application.
task<std::optional<proxy::request>> read_request(dialogue& with) {
  const auto request = co_await next_message(with, proxy::decode_request);
  if (request.needs_more()) co_return std::nullopt;
  std::optional<proxy::reply> refusal;
  if (request.failed()) refusal = request.error();
  if (request && request.value().what == proxy::command::bind) refusal = proxy::reply::command_not_supported;
  if (!refusal) co_return request.value();
  const proxy::encoded_reply text(*refusal, {});
  co_await with.send_last(text.bytes());
  co_return std::nullopt;
}

}  // namespace

task<std::optional<joined>> serve_socks5(const local_port& port, std::unique_ptr<dialogue> with) {
  if (!co_await greet(*with, port)) co_return std::nullopt;
  std::optional<proxy::request> wanted = co_await read_request(*with);
  if (!wanted) co_return std::nullopt;
  if (wanted->what == proxy::command::udp_associate) {
    co_await serve_association(port, std::move(with), std::move(wanted->to));
    co_return std::nullopt;
  }
  co_return co_await connect(port, std::move(with), std::move(wanted->to), "socks5", answer);
}

}  // namespace mtcp::client
