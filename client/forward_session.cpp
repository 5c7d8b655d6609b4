#include "forward_session.hpp"

#include <spdlog/spdlog.h>

#include "mtcp/address.hpp"
#include "mtcp/relay.hpp"
#include "opening.hpp"

namespace mtcp::client {

task<> serve_forward(tunnel& through, core::target to, tcp::socket application) {
  const std::string name = to_string(to);
  const std::span<const std::byte> nothing_early;
  // The application believes that it is connected to the destination: it may end its side and only listen, like a
  // client of daytime.
  const end_of_file means = end_of_file::said_all;
  auto [error, remote] = co_await open_for(application, through, std::move(to), nothing_early, means);
  spdlog::debug("forward {}: {}", name, error ? error.message() : "open");
  if (error) co_return co_await close_with_reset(application);
  co_await relay(std::move(remote), std::move(application));
}

}  // namespace mtcp::client
