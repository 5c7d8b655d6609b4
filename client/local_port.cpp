#include "local_port.hpp"

#include <optional>
#include <stdexcept>
#include <utility>

#include "mtcp/net/private_file.hpp"
#include "mtcp/socks/protocol.hpp"

namespace mtcp::client {

socks::user_table load_users(const std::string& path) {
  if (path.empty()) return {};
  const private_text text(path);
  try {
    auto users = socks::user_table::parse(text.view());
    if (users.empty()) throw std::invalid_argument("there is no user in it");
    return users;
  } catch (const std::invalid_argument& e) {
    throw key_error(key_error::kind::malformed, path + ": " + e.what());
  }
}

task<> serve_local(const local_port& port, tcp::socket application) {
  auto with = std::make_unique<dialogue>(std::move(application), port.handshake_limit);
  std::optional<idle_sockets::stay> idle(std::in_place, *port.idle, with->socket());
  if (!co_await with->more()) co_return;
  idle.reset();
  switch (socks::protocol_of(with->bytes().front())) {
    case socks::protocol::socks5:
      co_return co_await serve_socks5(port, std::move(with));
    case socks::protocol::socks4:
      co_return co_await serve_socks4(port, std::move(with));
    case socks::protocol::http:
      co_return co_await serve_http(port, std::move(with));
    case socks::protocol::unknown:
      co_return;
  }
}

}  // namespace mtcp::client
