// Raw TCP servers with one habit each: what applications behind the tunnel may meet.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/background.hpp"
#include "support/content.hpp"
#include "support/watched.hpp"

namespace mtcp::lab {

enum class habit : std::uint8_t {
  echo,         ///< sends back what it reads, and the end of file after it
  digest,       ///< reads to the end of file, then sends the SHA-256 in hexadecimal and closes
  farewell,     ///< sends `amount` bytes of content and the end of file at once, then reads to the end
  reset_after,  ///< resets the connection after it has read `amount` bytes
  stuck,        ///< sends content for ever and reads nothing
  listen,       ///< reads to the end and says nothing
};

/// How a peer saw one connection.
struct visit {
  std::uint64_t received = 0;
  std::string sha256;  ///< of what was received, once it is over
  bool over = false;
  bool reset = false;  ///< the end was a reset, not an end of file
};

class peer {
 public:
  explicit peer(habit h, std::uint64_t amount = 0, const std::string& address = "127.0.0.1");
  ~peer();
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;

  std::uint16_t port() const { return port_; }
  /// In the order of arrival.
  std::vector<visit> visits() const { return visits_.get(); }
  template <typename F>
  bool wait(F is_so, std::chrono::milliseconds timeout) const {
    return visits_.wait(is_so, timeout);
  }

 private:
  task<> accept();
  task<> serve(tcp_socket socket, std::size_t number);
  task<bool> read_all(tcp_socket& socket, std::size_t number, bool echo);
  task<> send_content(tcp_socket& socket, std::uint64_t size);
  void end(std::size_t number, bool reset, std::string hash);

  const habit habit_;
  const std::uint64_t amount_;
  std::uint16_t port_ = 0;
  watched<std::vector<visit>> visits_;
  background background_;
  std::unique_ptr<tcp_listener> listener_;
};

}  // namespace mtcp::lab
