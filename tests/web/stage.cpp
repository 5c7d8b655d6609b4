// A scene for the dashboard, for whoever drives a browser: both programs, and between them two networks that hold every
// connection to a rate, three bridges over one and two over the other, none of which is ever replaced: on a busy
// machine one may look faded. Ends with its standard input.
//
//   mtcp-stage SERVER-PROGRAM CLIENT-PROGRAM
//
// Says in one line of JSON where everything is, then obeys lines:
//   lose N       the N-th connection of the first network (from 0) is reset
//   door shut    the first network refuses new connections;  door open
//   slow N RATE  the N-th connection of the first network gets RATE bytes per second
#include <cstdio>
#include <exception>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "support/network.hpp"
#include "support/origin.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace {

using namespace mtcp::lab;
using namespace std::chrono_literals;

constexpr shape first_shape{.rate_up = 4e6, .rate_down = 4e6, .delay = 12ms};
constexpr shape second_shape{.rate_up = 1e6, .rate_down = 2.5e6, .delay = 35ms};

asio::ip::tcp::endpoint local(const std::string& port) {
  return {asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::stoul(port))};
}

std::string path(const network& over, int bridges, const std::string& name) {
  return "server=127.0.0.1:" + std::to_string(over.port()) + ",bridges=" + std::to_string(bridges) +
         ",rotate=off,name=" + name;
}

class stage {
 public:
  stage(const std::string& server, const std::string& client)
      : key_(files_.write("key", run({server, "keygen"}).standard_output)),
        server_({server, "--key-file", key_, "--listen", here, "--allow", "127.0.0.0/8", "--status", here}),
        bridges_(local(server_.expect("listening bridges .*:(\\d+)").at(1))),
        first_(bridges_, first_shape),
        second_(bridges_, second_shape),
        client_({client, "--key-file", key_, "--path", path(first_, 3, "fibre"), "--path", path(second_, 2, "mobile"),
                 "--socks", here, "--status", here, "--direct", "none"}) {
    client_.expect("tunnel up, 5");
  }

  void tell() {
    std::printf(R"({"client": "%s", "server": "%s", "socks": "%s", "origin": "%s"})"
                "\n",
                at(client_, "status").c_str(), at(server_, "status").c_str(), at(client_, "socks").c_str(),
                web_.url("").c_str());
    std::fflush(stdout);
  }

  void obey(std::istringstream command) {
    std::string verb, state;
    std::size_t number = 0;
    command >> verb;
    if (verb == "door") {
      command >> state;
      if (state == "shut") {
        first_.close_door();
      } else {
        first_.open_door();
      }
      return;
    }
    shape slower = first_shape;
    command >> number >> slower.rate_down;
    if (verb == "lose") first_.lose(number, loss::reset);
    if (verb == "slow") first_.set(number, slower);
  }

 private:
  static constexpr const char* here = "127.0.0.1:0";

  static std::string at(process& program, const std::string& what) {
    return "127.0.0.1:" + program.expect("listening " + what + " .*:(\\d+)").at(1);
  }

  temp_dir files_;
  std::string key_;
  origin web_;
  process server_;
  asio::ip::tcp::endpoint bridges_;
  network first_, second_;
  process client_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fputs("usage: mtcp-stage SERVER-PROGRAM CLIENT-PROGRAM\n", stderr);
    return 64;
  }
  try {
    stage scene(arguments[1], arguments[2]);
    scene.tell();
    for (std::string line; std::getline(std::cin, line);) scene.obey(std::istringstream(line));
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "mtcp-stage: %s\n", e.what());
    return 1;
  }
}
