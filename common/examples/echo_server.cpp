// The far end of a tunnel as part of a program: every stream gets back what it sends, whatever its target.
//
//   echo_server KEY_FILE PORT      (mtcp-server keygen --output KEY_FILE; port 0: any)
#include <array>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <iostream>

#include "mtcp/acceptor.hpp"

mtcp::task<> echo(mtcp::stream stream) {
  std::array<char, 16'384> bytes;
  for (;;) {
    const auto [ended, size] = co_await stream.async_read_some(mtcp::asio::buffer(bytes), mtcp::use_result);
    if (ended) co_return stream.close();
    co_await mtcp::asio::async_write(stream, mtcp::asio::buffer(bytes, size), mtcp::use_result);
  }
}

mtcp::task<> serve(mtcp::acceptor& acceptor) {
  for (;;) {
    auto [stopped, request] = co_await acceptor.async_accept(mtcp::use_result);
    if (stopped) co_return;
    mtcp::spawn(acceptor.get_executor(), echo(request.answer({})));
  }
}

int main(int count, char** arguments) {
  if (count != 3) {
    std::cerr << "usage: echo_server KEY_FILE PORT\n";
    return 64;
  }
  mtcp::acceptor_options options;
  options.keys = mtcp::load_key_file(arguments[1]);
  options.listen = {{mtcp::tcp::protocol::v4(), static_cast<std::uint16_t>(std::atoi(arguments[2]))}};
  mtcp::asio::io_context io;
  mtcp::acceptor acceptor(io, std::move(options));
  mtcp::spawn(io.get_executor(), acceptor.run());
  mtcp::spawn(io.get_executor(), serve(acceptor));
  std::cerr << "port " << acceptor.local_endpoints().front().port() << '\n';
  io.run();
}
