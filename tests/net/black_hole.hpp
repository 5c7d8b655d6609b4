// An address that leads nowhere.
#pragma once

#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <optional>

#include "mtcp/address.hpp"

namespace mtcp::test {

/// A listener whose queue is full: a connection to it hangs.
struct black_hole {
  black_hole(asio::io_context& io, const char* address, std::uint16_t at = 0) : listener(io) {
    const tcp::endpoint local(parse_address(address).value(), at);
    listener.open(local.protocol());
    listener.bind(local);
    listener.listen(0);
    const tcp::endpoint to = listener.local_endpoint();
    for (auto& s : fill) {
      s.emplace(io);
      s->open(to.protocol());
      s->native_non_blocking(true);
      ::connect(s->native_handle(), to.data(), static_cast<socklen_t>(to.size()));  // Asio's connect would wait
    }
  }
  std::uint16_t port() const { return listener.local_endpoint().port(); }
  tcp::acceptor listener;
  std::array<std::optional<tcp::socket>, 4> fill;
};

}  // namespace mtcp::test
