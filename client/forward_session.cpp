#include "forward_session.hpp"

#include <spdlog/spdlog.h>

#include "local_port.hpp"
#include "mtcp/address.hpp"
#include "mtcp/relay.hpp"
#include "opening.hpp"

namespace mtcp::client {

task<> serve_forward(tunnel& through, std::shared_ptr<program::traffic_book> book, core::target to,
                     tcp::socket application) {
  const std::string name = to_string(to);
  const std::span<const std::byte> nothing_early;
  const program::book_entry::about about{to, source_of(application), {}, false};
  // The application believes that it is connected to the destination: it may end its side and only listen, like a
  // client of daytime.
  const end_of_file means = end_of_file::said_all;
  opening got = co_await open_for(application, through, std::move(to), nothing_early, means);
  spdlog::debug("forward {}: {}", name, got.error ? got.error.message() : "open");
  if (got.error) co_return co_await close_with_reset(application);
  joined both{std::move(application), std::move(got.remote), program::entry_in(book, about)};
  task<> relaying = relay(std::move(both));
  co_await std::move(relaying);
}

}  // namespace mtcp::client
