// The near end of a tunnel as part of a program: sends a text to echo_server and prints what comes back.
//
//   echo_client KEY_FILE HOST PORT TEXT
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <iostream>

#include "mtcp/tunnel.hpp"

mtcp::task<> talk(mtcp::tunnel& tunnel, std::string text) {
  const mtcp::core::target anywhere{"echo", 7};
  auto [refused, stream] = co_await tunnel.async_open(anywhere, {}, mtcp::use_result);
  if (refused) std::cerr << refused.message() << '\n';
  if (!refused) {
    co_await mtcp::asio::async_write(stream, mtcp::asio::buffer(text), mtcp::use_result);
    stream.shutdown_send();
    std::string answer(text.size(), '\0');
    co_await mtcp::asio::async_read(stream, mtcp::asio::buffer(answer), mtcp::use_result);
    std::cout << answer << std::endl;
  }
  tunnel.stop();
}

int main(int count, char** arguments) {
  if (count != 5) {
    std::cerr << "usage: echo_client KEY_FILE HOST PORT TEXT\n";
    return 64;
  }
  mtcp::path_options path;
  path.host = arguments[2];
  path.port = static_cast<std::uint16_t>(std::atoi(arguments[3]));
  mtcp::asio::io_context io;
  mtcp::tunnel tunnel(io, {.key = *mtcp::load_key_file(arguments[1]).entries().front(), .paths = {path}});
  mtcp::spawn(io.get_executor(), tunnel.run());
  mtcp::spawn(io.get_executor(), talk(tunnel, arguments[4]));
  io.run();
}
