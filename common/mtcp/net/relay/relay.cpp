#include "mtcp/relay.hpp"

#include <algorithm>
#include <boost/asio/socket_base.hpp>
#include <chrono>
#include <utility>
#include <vector>

#include "mtcp/net/asio/reset.hpp"
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
  crossing(stream& r, tcp::socket& l, std::chrono::milliseconds patience, relay_pace* held_to)
      : remote(r), local(l), pace(held_to), watch(remote, local, patience) {}

  stream& remote;
  tcp::socket& local;
  relay_pace* pace;  // may be null
  detail::relay_watch watch;
  bool clean = true;  // nothing but ends of file so far
  relayed told{};

  void spoil(relayed::ending how) {
    if (std::exchange(clean, false)) told.how = how;
  }
};

using enum relayed::ending;

std::size_t total(const std::vector<core::slice>& slices) {
  std::size_t size = 0;
  for (const core::slice& s : slices) size += s.size();
  return size;
}

/// How long that direction is to wait: mostly not at all, and a coroutine for that would cost more than the rest.
std::chrono::nanoseconds pause_after(const crossing& c, std::size_t size, bool to_local) {
  return c.pace == nullptr ? std::chrono::nanoseconds(0) : c.pace->crossed(size, to_local);
}

/// Waits as long as the rate says, or until the relay is given up.
task<> keep_pace(crossing& c, std::chrono::nanoseconds wait) {
  const auto over = std::chrono::steady_clock::now() + wait;
  timer pause(c.local.get_executor());
  while (c.local.is_open() && std::chrono::steady_clock::now() < over) {
    pause.expires_at(std::min(over, std::chrono::steady_clock::now() + longest_flush));
    co_await pause.async_wait(use_result);
  }
}

/// The application's connection is gone: the peer's must be reset too.
void reset_remote(crossing& c, relayed::ending why = local_reset) {
  c.spoil(why);
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
    c.told.from_local += size;
    if (stopped) break;
    c.watch.moved();
    if (const auto wait = pause_after(c, size, false); wait.count() > 0) co_await keep_pace(c, wait);
  }
  // The peer reads no more. Its own bytes may still come, so the reset of the socket waits for their end.
  c.spoil(remote_reset);
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
  c.spoil(why == asio::error::operation_aborted ? aborted : remote_reset);
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
    c.told.to_local += size - total(slices);
    if (!error) {
      if (const auto wait = pause_after(c, size, true); wait.count() > 0) co_await keep_pace(c, wait);
      continue;
    }
    // Linux says "broken pipe" if an end of file came before the reset: that one still counts.
    if (error != asio::error::broken_pipe) c.watch.met_reset();
    c.spoil(local_reset);
    c.remote.stop_receive();
    co_return;
  }
}

void give_up(crossing& c) {
  error_code ignored;
  reset_remote(c, aborted);
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
  detail::reset(socket);
}

task<relayed> relay(stream remote, tcp::socket local, std::chrono::milliseconds patience, relay_pace* pace) {
  crossing c(remote, local, patience, pace);
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
  co_return c.told;
}

}  // namespace mtcp
