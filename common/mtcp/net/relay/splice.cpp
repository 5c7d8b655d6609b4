#include "mtcp/net/relay/splice.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "mtcp/net/asio/lifeline.hpp"
#include "mtcp/net/asio/reset.hpp"
#include "mtcp/net/asio/task_group.hpp"
#include "mtcp/net/platform/platform.hpp"
#include "mtcp/relay.hpp"

namespace mtcp {
namespace {

using wait_type = asio::socket_base;

/// How a direction came to its end.
enum class ending : std::uint8_t {
  over,      ///< the end of file, which was passed on
  broken,    ///< its sender has reset the connection
  unwanted,  ///< its receiver has
  closed     ///< this end has closed one of the two
};

/// Lives in splice(), which waits for both directions.
struct pair {
  pair(tcp::socket& n, tcp::socket& f, std::chrono::milliseconds p)
      : near(n), far(f), patience(p), silence(n.get_executor()) {}

  tcp::socket& near;
  tcp::socket& far;
  std::chrono::milliseconds patience;
  timer silence;  // of the near one, behind the far one's end
  bool far_has_ended = false;
  bool near_has_ended = false;  // or nothing it says is wanted
  bool far_has_reset = false;
  detail::lifeline life;

  void close() {
    error_code ignored;
    near.close(ignored);
    far.close(ignored);
  }
  void reset_far() {
    detail::reset(far);
    close();
  }
  /// For as long as the patience lasts, from now on.
  void await_near() {
    if (!far_has_ended) return;
    silence.expires_after(patience);
    silence.async_wait(life.guard([this](error_code cancelled) {
      if (!cancelled) close();
    }));
  }
};

std::span<std::byte> scratch() {
  static constexpr std::size_t size = 64 * 1024;
  static thread_local const auto memory = std::make_unique_for_overwrite<std::byte[]>(size);
  return {memory.get(), size};
}

/// What the socket takes at once; the rest is kept.
error_code write_some(tcp::socket& to, std::span<const std::byte> bytes, std::vector<std::byte>& rest) {
  error_code error;
  const std::size_t sent = to.write_some(asio::buffer(bytes.data(), bytes.size()), error);
  if (error && error != asio::error::would_block) return error;
  rest.assign(bytes.begin() + static_cast<std::ptrdiff_t>(sent), bytes.end());
  return {};
}

task<error_code> write_rest(tcp::socket& to, std::vector<std::byte>& rest) {
  const auto bytes = asio::buffer(rest);
  auto [error, size] = co_await asio::async_write(to, bytes, use_result);
  static_cast<void>(size);
  std::vector<std::byte>().swap(rest);
  co_return error;
}

ending end_of_sender(const tcp::socket& from, tcp::socket& to, const error_code& why) {
  if (!from.is_open()) return ending::closed;
  if (why != asio::error::eof) return ending::broken;
  error_code ignored;
  to.shutdown(wait_type::shutdown_send, ignored);
  return ending::over;
}

ending end_of_receiver(const tcp::socket& to) { return to.is_open() ? ending::unwanted : ending::closed; }

task<ending> carry(pair& p, tcp::socket& from, tcp::socket& to, std::vector<std::byte> rest) {
  for (;;) {
    if (!rest.empty() && co_await write_rest(to, rest)) co_return end_of_receiver(to);
    const auto [waited] = co_await from.async_wait(wait_type::wait_read, use_result);
    if (waited) co_return ending::closed;
    error_code error;
    const std::size_t size = from.read_some(asio::buffer(scratch().data(), scratch().size()), error);
    if (error == asio::error::would_block) continue;
    if (error) co_return end_of_sender(from, to, error);
    if (&from == &p.near) p.await_near();
    if (write_some(to, scratch().first(size), rest)) co_return end_of_receiver(to);
  }
}

/// The near one's words.
task<> carry_up(pair& p, std::vector<std::byte> said) {
  const ending how = co_await carry(p, p.near, p.far, std::move(said));
  p.near_has_ended = true;
  p.silence.cancel();
  if (how == ending::broken) co_return p.reset_far();
  if (how == ending::unwanted) p.far_has_reset = true;  // what it said before may still be on its way
  error_code ignored;
  if (p.far_has_ended) p.far.cancel(ignored);
}

/// Behind its end of file the far one may reset the connection yet.
task<> await_reset(pair& p) {
  while (!p.near_has_ended) {
    const auto [cancelled] = co_await p.far.async_wait(wait_type::wait_error, use_result);
    if (cancelled) co_return;
    if (!platform::is_broken(p.far)) continue;  // urgent data
    p.far_has_reset = true;
    co_return co_await close_with_reset(p.near);
  }
}

/// The far one's words.
task<> carry_down(pair& p) {
  const ending how = co_await carry(p, p.far, p.near, {});
  if (how == ending::broken) co_return co_await close_with_reset(p.near);
  if (how == ending::unwanted) co_return p.reset_far();
  if (how == ending::closed) co_return p.close();
  p.far_has_ended = true;
  p.await_near();
  co_await await_reset(p);
}

}  // namespace

task<> splice(tcp::socket& near, tcp::socket& far, std::vector<std::byte> said, std::chrono::milliseconds patience) {
  error_code ignored;
  near.non_blocking(true, ignored);
  far.non_blocking(true, ignored);
  pair p(near, far, patience);
  task_group other(near.get_executor(), [&p](const std::exception_ptr&) { p.close(); });  // out of memory
  other.start(carry_up(p, std::move(said)));
  try {
    co_await carry_down(p);
  } catch (...) {
    p.close();
  }
  co_await other.wait();
  if (p.far_has_reset && near.is_open()) co_await close_with_reset(near);
  p.close();
}

}  // namespace mtcp
