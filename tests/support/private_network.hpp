// A network namespace for the addresses that a test needs and a machine does not have.
#pragma once

#include <string>
#include <vector>

namespace mtcp::lab {

/// The calling thread, and the threads and processes that it starts from now on, are in a namespace of their own until
/// this is destroyed by the same thread. It takes root and the program `ip`.
class private_network {
 public:
  /// Whether there can be one here.
  static bool possible();

  /// `addresses` ("192.0.2.1/32") are those of its loopback interface, beside 127.0.0.1 and ::1. Throws
  /// std::system_error, and std::runtime_error with the words of `ip`.
  explicit private_network(const std::vector<std::string>& addresses);
  ~private_network();
  private_network(const private_network&) = delete;
  private_network& operator=(const private_network&) = delete;

 private:
  int outside_;  // descriptor of the namespace before
};

}  // namespace mtcp::lab
