// A server as far as TLS goes.
#pragma once

#include <utility>

#include "mtcp/async.hpp"
#include "mtcp/net/tls/secure_channel.hpp"
#include "mtcp/net/tls/tls_context.hpp"

namespace mtcp::test {

/// Takes one connection after the other, until `at` is closed.
inline task<> serve_tls(tcp::acceptor& at, const tls_context& context) {
  for (;;) {
    auto [error, socket] = co_await at.async_accept(use_result);
    if (error) co_return;
    secure_channel channel(std::move(socket));
    co_await channel.accept(context);
  }
}

}  // namespace mtcp::test
