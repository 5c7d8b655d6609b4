#include "forward_session.hpp"

#include <spdlog/spdlog.h>

#include "mtcp/net/address.hpp"
#include "mtcp/net/relay.hpp"

namespace mtcp::client {

task<> serve_forward(tunnel& through, core::target to, tcp::socket application) {
  const std::string name = to_string(to);
  const std::span<const std::byte> nothing_early;
  auto [error, remote] = co_await through.async_open(std::move(to), nothing_early, use_result);
  spdlog::debug("forward {}: {}", name, error ? error.message() : "open");
  if (error) co_return co_await close_with_reset(application);
  co_await relay(std::move(remote), std::move(application));
}

}  // namespace mtcp::client
