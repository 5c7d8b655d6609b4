#include "mtcp/relay.hpp"

#include <algorithm>
#include <boost/asio/socket_base.hpp>
#include <chrono>
#include <vector>

#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/net/platform/platform.hpp"
#include "mtcp/net/relay/relay_socket.hpp"
#include "mtcp/net/relay/relay_watch.hpp"

namespace mtcp {
namespace {

using namespace std::chrono_literals;
using wait_type = asio::socket_base;

constexpr std::chrono::milliseconds longest_flush = 1s;

/// A stream and a socket, and what has happened to them. Lives in relay(), which waits for both directions.
struct crossing {
  crossing(stream& r, tcp::socket& l, std::chrono::milliseconds patience)
      : remote(r), local(l), watch(remote, local, patience) {}

  stream& remote;
  tcp::socket& local;
  detail::relay_watch watch;
  bool clean = true;  // nothing but ends of file so far
};

std::size_t total(const std::vector<core::slice>& slices) {
  std::size_t size = 0;
  for (const core::slice& s : slices) size += s.size();
  return size;
}

/// The application's connection is gone: the peer's must be reset too.
void reset_remote(crossing& c) {
  c.clean = false;
  c.remote.reset_send();
  c.remote.stop_receive();  // wakes the other direction
}

/// The end of the local socket's bytes.
void finish_remote(crossing& c, const error_code& why) {
  if (why != asio::error::eof || c.watch.local_was_reset()) return reset_remote(c);
  c.remote.shutdown_send();
}

/// Socket to stream, until either ends. Most streams wait here; a separate coroutine for waiting would cost each of
/// them 200 bytes.
task<> upload(crossing& c) {
  detail::slice_reader reader(c.local);
  std::vector<core::slice> slices;
  for (;;) {
    if (!reader.was_full()) {
      const auto [failed] = co_await c.local.async_wait(wait_type::wait_read, use_result);
      if (failed) co_return finish_remote(c, failed);
    }
    const error_code error = reader.read(slices);
    if (error == asio::error::would_block) continue;
    if (error) co_return finish_remote(c, error);
    if (c.remote.writable() < total(slices)) c.watch.watch_local();
    const auto [stopped, size] = co_await c.remote.async_write_slices(slices, use_result);
    if (stopped) break;
    c.watch.moved();
  }
  // The peer reads no more. Its own bytes may still come, so the reset of the socket waits for their end.
  c.clean = false;
}

task<error_code> write_all(crossing& c, std::vector<core::slice>& slices) {
  error_code error = detail::write_slices(c.local, slices);
  while (error == asio::error::would_block) {
    const auto [failed] = co_await c.local.async_wait(wait_type::wait_write, use_result);
    error = failed ? failed : detail::write_slices(c.local, slices);
    c.watch.moved();
  }
  co_return error;
}

/// The end of the stream's bytes.
task<> finish_local(crossing& c, error_code why) {
  if (why == asio::error::eof) {
    c.local.shutdown(wait_type::shutdown_send, why);
    co_return;
  }
  c.clean = false;
  c.remote.reset_send();
  co_await close_with_reset(c.local);  // wakes the other direction
}

/// Stream to socket, until either ends.
task<> download(crossing& c) {
  std::vector<core::slice> slices;
  for (;;) {
    const auto [ended, size] = co_await c.remote.async_read_slices(slices, detail::relay_batch, use_result);
    if (ended) co_return co_await finish_local(c, ended);
    const error_code error = co_await write_all(c, slices);
    if (!error) continue;
    // Linux says "broken pipe" if an end of file came before the reset: that one still counts.
    if (error != asio::error::broken_pipe) c.watch.met_reset();
    c.clean = false;
    c.remote.stop_receive();
    co_return;
  }
}

void give_up(crossing& c) {
  error_code ignored;
  reset_remote(c);
  c.local.close(ignored);
}

}  // namespace

task<> close_with_reset(tcp::socket& socket) {
  timer pause(socket.get_executor());
  const auto deadline = std::chrono::steady_clock::now() + longest_flush;
  std::chrono::milliseconds step = 1ms;
  while (socket.is_open() && platform::unsent_bytes(socket).value_or(0) != 0 &&
         std::chrono::steady_clock::now() < deadline) {
    pause.expires_after(step);
    co_await pause.async_wait(use_result);
    step = std::min<std::chrono::milliseconds>(step * 2, 50ms);
  }
  error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

task<> relay(stream remote, tcp::socket local, std::chrono::milliseconds patience) {
  crossing c(remote, local, patience);
  task_group other(local.get_executor(), [&c](const std::exception_ptr&) { give_up(c); });  // out of memory
  other.start(upload(c));
  try {
    co_await download(c);  // here, since a coroutine that runs by itself takes 600 bytes more
  } catch (...) {
    give_up(c);
  }
  co_await other.wait();
  if (!c.clean) co_await close_with_reset(local);
  remote.close();
}

}  // namespace mtcp
