// Plain blocking sockets for the load generator: it must cost little beside the programs that it measures.
#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <string>
#include <utility>

namespace load {

/// A descriptor, owned.
class handle {
 public:
  explicit handle(int number = -1) noexcept : number_(number) {}
  handle(handle&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  handle& operator=(handle&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~handle();

  int get() const noexcept { return number_; }

 private:
  int number_;
};

/// Where to connect, and by way of which SOCKS5 proxy.
struct route {
  bool proxied = false;
  sockaddr_in proxy{};
  sockaddr_in target{};
};

/// ADDRESS:PORT; `proxy` may be "-" for none. Throws std::runtime_error.
route parse_route(const std::string& proxy, const std::string& target);

/// A connection to the target on which `first` has been sent: what the origin is to do. Throws std::system_error.
handle connect(const route& way, const std::string& first);

void write_all(int socket, const void* bytes, std::size_t size);
/// Throws at an early end.
void read_all(int socket, void* bytes, std::size_t size);
void set_non_blocking(int socket);
/// As many descriptors as this process may have.
void allow_many_files();

[[noreturn]] void fail(const std::string& what);

}  // namespace load
