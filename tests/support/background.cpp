#include "support/background.hpp"

#include <boost/asio/co_spawn.hpp>
#include <cstdlib>
#include <exception>
#include <iostream>

namespace mtcp::lab {
namespace {

void report(std::exception_ptr failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    std::cerr << "the lab failed: " << e.what() << std::endl;
    std::abort();
  }
}

}  // namespace

background::background() : thread_([this] { context_.run(); }) {}

background::~background() { stop(); }

void background::spawn(task<> work) { asio::co_spawn(context_, std::move(work), report); }

void background::stop() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
}

tcp_listener listen_on(executor where, const std::string& address, std::uint16_t port) {
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(address), port);
  return tcp_listener(where, endpoint);  // opens, sets SO_REUSEADDR, binds, listens
}

}  // namespace mtcp::lab
