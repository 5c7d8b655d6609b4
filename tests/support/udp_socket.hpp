// Blocking UDP for tests that play both the application and its peers.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mtcp::lab {

struct received_datagram {
  std::string payload;
  std::string address;
  std::uint16_t port = 0;
};

/// Throws std::system_error.
class udp_socket {
 public:
  /// Binds to a literal address; port 0 takes a free one.
  explicit udp_socket(const std::string& address = "127.0.0.1", std::uint16_t port = 0);
  ~udp_socket();
  udp_socket(const udp_socket&) = delete;
  udp_socket& operator=(const udp_socket&) = delete;

  std::uint16_t port() const { return port_; }
  void send(std::string_view payload, const std::string& address, std::uint16_t port);
  /// Empty if nothing comes within `patience`.
  std::optional<received_datagram> receive(std::chrono::milliseconds patience = std::chrono::seconds(10));

 private:
  int descriptor_;
  std::uint16_t port_ = 0;
};

/// Whether nobody listens on this UDP port any more; asks until that is so or `patience` has passed.
bool udp_port_closes(const std::string& address, std::uint16_t port,
                     std::chrono::milliseconds patience = std::chrono::seconds(10));

}  // namespace mtcp::lab
