// A client and a server in one event loop, over real loopback sockets, with a server application that does what the
// name of the destination says.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mtcp/acceptor.hpp"
#include "mtcp/async.hpp"
#include "mtcp/refusal.hpp"
#include "mtcp/tunnel.hpp"
#include "net/tunnel_relay.hpp"

namespace mtcp::test {

/// Recognisable content: every offset has its byte, and no two blocks are alike.
void fill(std::span<std::byte> out, std::uint64_t offset);
/// Where the first wrong byte is, if there is one.
std::optional<std::uint64_t> first_difference(std::span<const std::byte> got, std::uint64_t offset);

/// What came of reading a stream to its end.
struct received {
  error_code end;
  std::uint64_t size = 0;
  bool intact = true;  ///< it was the content of fill(), from offset 0
};
task<received> receive_all(stream& from);
/// Sends `size` bytes of fill(), and the end of the stream.
task<error_code> send_all(stream& to, std::uint64_t size);
task<error_code> send_text(stream& to, std::string text);
/// Exactly `size` bytes.
task<std::string> receive_text(stream& from, std::size_t size);

/// Streams to these hosts are served as follows; `port` is a parameter:
///   echo      sends back what it reads, and its end
///   source    sends `port` MiB of fill(), then the end
///   sink      reads to the end, then sends "<size> intact" or "<size> broken", then the end
///   both      source and sink at once
///   refuse    refuses with the code `port`
///   silent    never answers
///   reset     reads one byte, then resets both directions
///   reset-send, stop-receive  read one byte, then end one direction and go on with the other as echo or source
///   hold      answers, and keeps the stream in held()
class tunnel_lab : public ::testing::Test {
 public:
  /// An open stream; throws if that fails.
  task<stream> open(std::string host, std::uint16_t port = 0);

 protected:
  tunnel_lab();
  ~tunnel_lab() override;

  /// A server on a fresh port, or on `port`.
  void start_server(std::uint16_t port = 0);
  void stop_server();
  tcp::endpoint server_endpoint() const { return server_->local_endpoints().front(); }
  /// A client that reaches it, or `through`.
  void start_tunnel(unsigned bridges = 4, std::optional<tcp::endpoint> through = {});
  /// In place of the one that there was; waits for all its bridges.
  void start_tunnel(const tunnel_options& options);
  /// The same without waiting.
  void run_tunnel(tunnel_options options);
  tunnel_options options_for(tcp::endpoint to, unsigned bridges) const;

  /// Runs `what` to its end while everything else goes on; fails after a minute.
  void run(task<> what);
  template <class T>
  T run_for(task<T> what) {
    std::optional<T> result;
    run(store(std::move(what), result));
    return std::move(result.value());
  }
  /// Lets things go on until `condition` holds; false after a minute.
  template <class Condition>
  bool reaches(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    io_.restart();
    while (!condition() && std::chrono::steady_clock::now() < end) {
      if (io_.run_one_for(std::chrono::milliseconds(100)) == 0) io_.restart();
    }
    return condition();
  }

  asio::io_context io_;
  key key_ = key::generate();
  acceptor_options server_options_;
  std::unique_ptr<acceptor> server_;
  std::unique_ptr<tunnel> tunnel_;
  std::vector<stream> held_;
  std::vector<incoming> unanswered_;
  int running_ = 0;  // run() of tunnels and acceptors that have not returned

 private:
  template <class T>
  static task<> store(task<T> what, std::optional<T>& result) {
    result.emplace(co_await std::move(what));
  }
  task<> counted(task<> what);
  task<> serve(acceptor& from);
  task<> serve_one(incoming request);
};

}  // namespace mtcp::test
