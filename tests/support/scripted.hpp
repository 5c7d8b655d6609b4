// A web server that says what a test wants, whatever it is asked, and remembers what it was asked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/background.hpp"
#include "support/watched.hpp"

namespace mtcp::lab {

class scripted {
 public:
  enum class after : std::uint8_t { wait, end, reset, echo };

  /// Every connection is read up to the end of the first head and `body` more bytes; then it gets `response`, and an
  /// end or a reset follows, or nothing; or everything that comes is sent back.
  explicit scripted(std::string response, after then = after::end, std::size_t body = 0);
  /// One response after the other to the requests of a connection.
  explicit scripted(std::vector<std::string> responses, after then = after::end, std::size_t body = 0);
  ~scripted();
  scripted(const scripted&) = delete;
  scripted& operator=(const scripted&) = delete;

  std::uint16_t port() const { return port_; }
  /// "127.0.0.1:4711".
  std::string authority() const { return "127.0.0.1:" + std::to_string(port_); }
  /// What was read on each connection before it was answered, in the order of the answers.
  std::vector<std::string> requests() const { return requests_.get(); }
  int connections() const { return connections_.get(); }

 private:
  task<> accept();
  task<> serve(tcp_socket socket);
  task<> finish(tcp_socket& socket, std::string rest);

  const std::vector<std::string> responses_;
  const after then_;
  const std::size_t body_;
  std::uint16_t port_ = 0;
  watched<std::vector<std::string>> requests_;
  watched<int> connections_;
  background background_;
  std::unique_ptr<tcp_listener> listener_;
};

}  // namespace mtcp::lab
