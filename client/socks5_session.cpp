// SOCKS5: greeting, login where users are needed, request.
#include <optional>
#include <utility>

#include "connect.hpp"
#include "local_port.hpp"
#include "mtcp/socks/password.hpp"
#include "mtcp/socks/socks5.hpp"
#include "socks_reply.hpp"
#include "udp_association.hpp"

namespace mtcp::client {
namespace {

std::string answer(const error_code& error, const core::target& bound) {
  return text_of(socks::encoded_reply(reply_to(error), bound).bytes());
}

/// True once a method is agreed on.
task<bool> choose_method(dialogue& with, socks::method wanted) {
  const auto greeting = co_await next_message(with, socks::decode_greeting);
  if (!greeting) co_return false;
  const socks::method chosen = socks::choose(greeting.value(), wanted);
  const auto choice = socks::encode_choice(chosen);
  const bool sent = co_await with.send(choice);
  if (sent && chosen == socks::method::no_acceptable) co_await with.farewell();
  co_return sent&& chosen != socks::method::no_acceptable;
}

/// True once the application has proved to be one of the users.
task<bool> log_in(dialogue& with, const socks::user_table& users) {
  const auto login = co_await next_message(with, socks::decode_login);
  if (!login) co_return false;
  const bool admitted = users.admits(login.value().name, login.value().password);
  const auto verdict = socks::encode_login_answer(admitted);
  const bool sent = co_await with.send(verdict);
  if (sent && !admitted) co_await with.farewell();
  co_return sent&& admitted;
}

task<bool> greet(dialogue& with, const socks::user_table& users) {
  const bool open = users.empty();
  if (!co_await choose_method(with, open ? socks::method::none : socks::method::password)) co_return false;
  co_return open || co_await log_in(with, users);
}

/// Empty if there is nothing more to do for this application.
task<std::optional<socks::request>> read_request(dialogue& with) {
  const auto request = co_await next_message(with, socks::decode_request);
  if (request.needs_more()) co_return std::nullopt;
  std::optional<socks::reply> refusal;
  if (request.failed()) refusal = request.error();
  if (request && request.value().what == socks::command::bind) refusal = socks::reply::command_not_supported;
  if (!refusal) co_return request.value();
  const socks::encoded_reply text(*refusal, {});
  co_await with.send_last(text.bytes());
  co_return std::nullopt;
}

}  // namespace

task<std::optional<joined>> serve_socks5(const local_port& port, std::unique_ptr<dialogue> with) {
  if (!co_await greet(*with, port.users)) co_return std::nullopt;
  std::optional<socks::request> wanted = co_await read_request(*with);
  if (!wanted) co_return std::nullopt;
  if (wanted->what == socks::command::udp_associate) {
    co_await serve_association(port, std::move(with), std::move(wanted->to));
    co_return std::nullopt;
  }
  co_return co_await connect(port, std::move(with), std::move(wanted->to), "socks5", answer);
}

}  // namespace mtcp::client
