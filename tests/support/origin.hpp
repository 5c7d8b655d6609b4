// A web server of known content: the far end of every transfer in the lab.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "support/background.hpp"

namespace mtcp::lab {

/// HTTP/1.1 (RFC 9110, RFC 9112) with
///   GET /bytes/N        the first N bytes of the content (content.hpp)
///   PUT, POST /upload   answers "<SHA-256> <length>\n" of the body
/// and 404 for the rest. Connections persist; `Expect: 100-continue` is answered.
class origin {
 public:
  explicit origin(const std::string& address = "127.0.0.1");
  ~origin();
  origin(const origin&) = delete;
  origin& operator=(const origin&) = delete;

  std::uint16_t port() const { return port_; }
  /// "http://127.0.0.1:4711" and the path.
  std::string url(const std::string& path) const;

 private:
  task<> accept();
  task<> serve(tcp_socket socket);

  const std::string address_;
  std::uint16_t port_ = 0;
  background background_;
  std::unique_ptr<tcp_listener> listener_;
};

}  // namespace mtcp::lab
