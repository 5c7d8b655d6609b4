// Both halves as a user runs them: the real programs, a fresh key, and a network between them that can misbehave.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/network.hpp"
#include "support/process.hpp"
#include "support/socket.hpp"
#include "support/temp_dir.hpp"

namespace mtcp::lab {

using namespace std::chrono_literals;

/// Those of this build, or what MTCP_TEST_CLIENT and MTCP_TEST_SERVER name in the environment.
extern const char* const client_program;
extern const char* const server_program;

/// Sanitizers make the halves several times slower: rates and sizes shrink by this, so that the network stays the
/// limit.
extern const double machine_speed;

/// What differs from test to test.
struct plan {
  shape lines{};  ///< of every bridge
  int bridges = 3;
  bool tuned = false;  ///< --bridges auto, which starts with 4
  std::vector<std::string> server_options{"--allow", "127.0.0.0/8", "--allow", "::1/128"};
  std::vector<std::string> client_options{};
  std::vector<std::string> client_wrapper{};  ///< a command in front of the client's
  /// Instead of one path through the lines, which listen on this port: the values of --path. `bridges` are those that
  /// go through the lines at least.
  std::function<std::vector<std::string>(std::uint16_t)> paths{};
};

class deployment {
 public:
  /// Returns once the tunnel is up with all its bridges. Throws std::runtime_error with the programs' words.
  explicit deployment(const plan& p = {});

  network& lines() { return *lines_; }
  process& client() { return *client_; }
  process& server() { return *server_; }
  std::uint16_t socks_port() const { return socks_port_; }
  std::uint16_t server_port() const { return server_port_; }
  const temp_dir& files() const { return files_; }
  std::string key_file() const { return (files_ / "key").string(); }

  /// A SOCKS5 stream to `host`; the test fails when it is not granted.
  socket stream_to(const std::string& host, std::uint16_t port);
  /// Payload bytes, and a little more, that have crossed so far, both ways.
  std::uint64_t bytes_crossed() const;
  /// Blocks until so many more bytes have crossed.
  void wait_for_bytes(std::uint64_t more);
  /// Kills the server and starts another on its port.
  void replace_server();

 private:
  void start_server(const std::string& listen);
  void start_client();

  plan plan_;
  temp_dir files_;
  std::uint16_t server_port_ = 0;
  std::uint16_t socks_port_ = 0;
  std::unique_ptr<process> server_;  // first, so that it outlives the client
  std::unique_ptr<network> lines_;
  std::unique_ptr<process> client_;
};

/// A key file as the server's keygen makes it. Returns its path.
std::string make_key(const temp_dir& in, const std::string& name = "key");
/// The commands of a server and of a client that run without each other.
std::vector<std::vector<std::string>> lone_programs(const std::string& key);

/// curl through the proxy; it runs until finish().
class transfer {
 public:
  /// GET of the first `size` bytes of the content.
  static transfer download(const deployment& through, const std::string& url, std::uint64_t size);
  /// PUT of them.
  static transfer upload(const deployment& through, const std::string& url, std::uint64_t size);

  struct result {
    bool intact = false;          ///< curl is content, and length and SHA-256 are right
    double bytes_per_second = 0;  ///< of the whole transfer, connecting included
    double seconds = 0;
    std::string trouble;  ///< what curl said
  };
  result finish(std::chrono::seconds patience = 60s);

 private:
  transfer(const deployment& through, std::uint64_t size, bool up, const std::string& url);

  std::unique_ptr<temp_dir> files_;
  std::uint64_t size_;
  bool up_;
  std::unique_ptr<process> curl_;
};

}  // namespace mtcp::lab
