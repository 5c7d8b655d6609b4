// A proxy in front of a server, on loopback, that says what a test has it say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mtcp/async.hpp"

namespace mtcp::test {

class front_proxy {
 public:
  enum class then : std::uint8_t {
    relay,  ///< to the server
    wait,   ///< say nothing more
    end,
    reset,
  };
  /// Hears so many bytes, or with `hear_head` up to an empty line, and says something.
  struct step {
    std::size_t hear = 0;
    std::string say{};
  };
  static constexpr std::size_t hear_head = SIZE_MAX;

  /// Every connection goes through `steps`; behind that it is joined with one to `server`, or ends.
  front_proxy(asio::io_context& io, std::vector<step> steps, then last, tcp::endpoint server = {},
              const std::string& address = "127.0.0.1");

  std::uint16_t port() const { return listener_.local_endpoint().port(); }
  /// What the steps heard, of all connections together.
  const std::string& heard() const noexcept { return heard_; }
  /// Whence the last connection came.
  const tcp::endpoint& caller() const noexcept { return caller_; }
  std::size_t connections() const noexcept { return connections_; }

 private:
  task<> accept();
  task<> serve(tcp::socket client);
  task<bool> play(tcp::socket& client);
  task<bool> hear(tcp::socket& client, std::size_t size);
  task<> join(tcp::socket client);

  std::vector<step> steps_;
  then last_;
  tcp::endpoint server_;
  tcp::acceptor listener_;
  std::string heard_;
  tcp::endpoint caller_;
  std::size_t connections_ = 0;
};

}  // namespace mtcp::test
