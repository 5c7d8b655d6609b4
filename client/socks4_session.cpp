// SOCKS4 and 4a. The protocol knows no password, so with users it is refused.
#include <utility>

#include "connect.hpp"
#include "local_port.hpp"
#include "mtcp/proxy/socks4.hpp"

namespace mtcp::client {
namespace {

std::string answer(const opening& of) {
  return text_of(proxy::encode_reply4(of.error ? proxy::reply4::rejected : proxy::reply4::granted, bound_of(of)));
}

}  // namespace

task<std::optional<joined>> serve_socks4(const local_port& port, std::unique_ptr<dialogue> with) {
  const auto request = co_await next_message(*with, proxy::decode_request4);
  if (request.needs_more()) co_return std::nullopt;
  if (!request || !request.value().is_connect || !port.users.empty()) {
    const auto refusal = proxy::encode_reply4(proxy::reply4::rejected);
    co_await with->send_last(refusal);
    co_return std::nullopt;
  }
  core::target to = request.value().to;
  co_return co_await connect(port, std::move(with), std::move(to), "socks4", answer);
}

}  // namespace mtcp::client
