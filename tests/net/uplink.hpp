// A machine with several uplinks: a network namespace of the test's own, with TUN devices at whose other end the test
// reads what leaves through them. Nobody answers.
#pragma once

#include <array>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <string>
#include <vector>

#include "mtcp/async.hpp"

namespace mtcp::test {

/// The calling thread is in a network namespace of its own as long as this lives. Needs root, /dev/net/tun and ip(8).
class network_namespace {
 public:
  network_namespace();
  ~network_namespace();
  network_namespace(const network_namespace&) = delete;
  network_namespace& operator=(const network_namespace&) = delete;

  /// False where none is to be had: the test is skipped.
  bool usable() const noexcept { return usable_; }

 private:
  int outside_;
  bool usable_;
};

class uplink {
 public:
  /// `address`: "10.1.0.1/24".
  uplink(const executor& where, std::string name, const std::string& address);

  void add_address(const std::string& address);
  /// The route to everywhere; of several the one with the smallest metric counts.
  void add_default_route(int metric);
  /// Whence the questions came that left to name servers through this device, in their order (IPv4).
  const std::vector<std::string>& askers() const noexcept { return askers_; }

 private:
  void receive();
  void take(std::size_t size);

  std::string name_;
  asio::posix::basic_stream_descriptor<executor> device_;
  std::array<unsigned char, 2048> packet_{};
  std::vector<std::string> askers_;
};

}  // namespace mtcp::test
