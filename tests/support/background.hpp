// A thread with an io_context of its own: the lab's networks and peers run beside the test that watches them.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <future>
#include <string>
#include <thread>

namespace mtcp::lab {

namespace asio = boost::asio;
using boost::system::error_code;
using lab_clock = std::chrono::steady_clock;

using executor = asio::io_context::executor_type;
template <typename T = void>
using task = asio::awaitable<T, executor>;
using tcp_socket = asio::basic_stream_socket<asio::ip::tcp, executor>;
using tcp_listener = asio::basic_socket_acceptor<asio::ip::tcp, executor>;
using lab_timer = asio::basic_waitable_timer<lab_clock, asio::wait_traits<lab_clock>, executor>;

/// co_await with it gives a tuple of error_code and result instead of throwing.
inline constexpr auto as_result = asio::as_tuple(asio::use_awaitable_t<executor>{});

/// Owns the thread. Whoever holds sockets on it declares it before them, and calls stop() first in its destructor.
class background {
 public:
  background();
  ~background();
  background(const background&) = delete;
  background& operator=(const background&) = delete;

  asio::io_context& context() { return context_; }
  executor get_executor() { return context_.get_executor(); }
  /// Starts a coroutine. An exception that leaves it is a fault of the lab: it is printed and the process aborts.
  void spawn(task<> work);
  /// Runs `work` on the thread and returns what it returns, or throws what it throws.
  template <typename F>
  auto call(F work) {
    std::packaged_task<decltype(work())()> job(std::move(work));
    auto done = job.get_future();
    asio::post(context_, std::move(job));
    return done.get();
  }
  /// Ends the thread; coroutines stay suspended until the context is destroyed. May be called twice.
  void stop();

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<executor> busy_{context_.get_executor()};
  std::thread thread_;
};

/// A listener on `address` ("127.0.0.1", "::1"); port 0 takes a free one. Throws boost::system::system_error.
tcp_listener listen_on(executor where, const std::string& address, std::uint16_t port);

}  // namespace mtcp::lab
