// What tests of the HTTP proxy say and hear.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "integration/deployment.hpp"
#include "support/origin.hpp"
#include "support/socket.hpp"

namespace mtcp::lab {

inline socket application(const deployment& halves) { return socket("127.0.0.1", halves.socks_port()); }

/// Up to the end of the head.
inline std::string read_head(socket& from) {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    const std::string byte = from.receive(1);
    if (byte.empty()) break;
    head += byte;
  }
  return head;
}

inline int status_of(const std::string& head) { return head.size() < 12 ? -1 : std::stoi(head.substr(9, 3)); }

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The status of the answer to `request`, after which the proxy closes in peace.
inline int answer_to(const deployment& halves, const std::string& request) {
  socket s = application(halves);
  s.send(request);
  std::string text;
  EXPECT_EQ(s.drain(text), tail::end) << request;
  return status_of(text);
}

inline std::string connect_to(std::uint16_t port, const std::string& host = "127.0.0.1") {
  const std::string authority = host + ":" + std::to_string(port);
  return "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n";
}

inline std::string get(const std::string& authority, const std::string& path = "/", const std::string& fields = "") {
  return "GET http://" + authority + path + " HTTP/1.1\r\nHost: " + authority + "\r\n" + fields + "\r\n";
}

inline std::string authority_of(const origin& web) { return "127.0.0.1:" + std::to_string(web.port()); }

inline const std::string short_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Reads a response with a Content-Length.
inline std::string read_body(socket& from, const std::string& head) {
  const auto at = head.find("Content-Length: ");
  return at == std::string::npos ? "" : from.receive(std::stoul(head.substr(at + 16)));
}

/// A whole answer, up to the end of the connection.
inline std::string whole_answer(const deployment& halves, const std::string& request, tail expected = tail::end) {
  socket s = application(halves);
  s.send(request);
  std::string text;
  EXPECT_EQ(s.drain(text), expected) << text;
  return text;
}

}  // namespace mtcp::lab
