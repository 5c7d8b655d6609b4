#include "local_port.hpp"

#include <optional>
#include <stdexcept>
#include <utility>

#include "mtcp/net/platform/private_file.hpp"
#include "mtcp/proxy/protocol.hpp"
#include "mtcp/relay.hpp"

namespace mtcp::client {
namespace {

/// The dialogue before a relay.
task<std::optional<joined>> talk(const local_port& port, tcp::socket application) {
  auto with = std::make_unique<dialogue>(std::move(application), port.handshake_limit);
  if (!port.users.empty()) with->must_log_in(*port.strangers);
  std::optional<idle_sockets::stay> idle(std::in_place, *port.idle, with->socket());
  if (!co_await with->more()) co_return std::nullopt;
  idle.reset();
  switch (proxy::protocol_of(with->bytes().front())) {
    case proxy::protocol::socks5:
      co_return co_await serve_socks5(port, std::move(with));
    case proxy::protocol::socks4:
      co_return co_await serve_socks4(port, std::move(with));
    case proxy::protocol::http:
      co_return co_await serve_http(port, std::move(with));
    case proxy::protocol::unknown:
      co_return std::nullopt;
  }
}

}  // namespace

proxy::user_table load_users(const std::string& path) {
  if (path.empty()) return {};
  const private_text text(path);
  try {
    auto users = proxy::user_table::parse(text.view());
    if (users.empty()) throw std::invalid_argument("there is no user in it");
    return users;
  } catch (const std::invalid_argument& e) {
    throw key_error(key_error::kind::malformed, path + ": " + e.what());
  }
}

// What only the beginning needs, the dialogue's buffer and the coroutines of its protocol, is gone before a relay that
// may last for days.
task<> serve_local(const local_port& port, tcp::socket application) {
  std::optional<joined> both = co_await talk(port, std::move(application));
  if (!both) co_return;
  task<> relaying = relay(std::move(*both));
  both.reset();
  co_await std::move(relaying);
}

task<> relay(joined both) {
  constexpr std::chrono::seconds patience{10};
  const relayed end =
      co_await mtcp::relay(std::move(both.remote), std::move(both.application), patience, both.entry.get());
  if (both.entry) both.entry->ended(end.how);
}

std::string source_of(const tcp::socket& application) { return origin_of(application).address.to_string(); }

}  // namespace mtcp::client
