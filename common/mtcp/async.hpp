// The coroutine vocabulary of the Asio shell: one concrete executor (three times cheaper than any_io_executor), tasks
// on it, the sockets and timers that belong to it, and the only way to start a coroutine that nobody awaits.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_datagram_socket.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <exception>
#include <string>
#include <utility>

namespace mtcp {

namespace asio = boost::asio;
using boost::system::error_code;
using boost::system::result;

using executor = asio::io_context::executor_type;

template <class T = void>
using task = asio::awaitable<T, executor>;

/// Completion token: `auto [error, size] = co_await socket.async_read_some(buffer, use_result);`, without exceptions.
/// A coroutine that was itself cancelled throws operation_aborted at its next co_await all the same.
inline constexpr asio::as_tuple_t<asio::use_awaitable_t<executor>> use_result{asio::use_awaitable_t<executor>{}};

using timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, executor>;

namespace tcp {
using protocol = asio::ip::tcp;
using endpoint = protocol::endpoint;
using socket = asio::basic_stream_socket<protocol, executor>;
using acceptor = asio::basic_socket_acceptor<protocol, executor>;
}  // namespace tcp

namespace udp {
using protocol = asio::ip::udp;
using endpoint = protocol::endpoint;
using socket = asio::basic_datagram_socket<protocol, executor>;
}  // namespace udp

/// The same connection, registered anew with the event loop; nothing may be outstanding on it. Once a socket has
/// connected or waited for room, Asio has it watched for room for ever, and every wait for input makes the loop turn
/// for nothing.
tcp::socket registered_anew(tcp::socket socket);

/// True for the exception with which a cancelled coroutine unwinds.
bool is_cancellation(const std::exception_ptr& escaped) noexcept;

/// What the exception says.
std::string message_of(const std::exception_ptr& escaped);

/// Starts `what` on `where`. An exception that escapes from it goes to `on_failure(std::exception_ptr)`, except that of
/// a cancellation, which is how a cancelled coroutine is expected to end.
///
/// `what` is the call of a coroutine function whose parameters are values, or outlive it; not a capturing lambda.
template <class OnFailure>
void spawn(const executor& where, task<> what, OnFailure on_failure) {
  asio::co_spawn(where, std::move(what), [on_failure = std::move(on_failure)](std::exception_ptr escaped) mutable {
    if (escaped && !is_cancellation(escaped)) on_failure(escaped);
  });
}

/// The same, but an exception that escapes leaves io_context::run().
inline void spawn(const executor& where, task<> what) {
  spawn(where, std::move(what), [](const std::exception_ptr& escaped) { std::rethrow_exception(escaped); });
}

}  // namespace mtcp
