// Runs one coroutine of a test to its end.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>

#include "mtcp/async.hpp"

namespace mtcp::test {

template <class T>
task<> store(task<T> what, std::optional<T>& result) {
  result = co_await std::move(what);
}

/// The value of `what`, which may leave other work behind in `io`. Throws if that takes longer than 20 s.
template <class T>
T run(asio::io_context& io, task<T> what) {
  std::optional<T> result;
  spawn(io.get_executor(), store(std::move(what), result));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  io.restart();
  while (!result && io.run_one_until(end) != 0) {
  }
  if (!result) throw std::runtime_error("the coroutine did not end");
  return std::move(*result);
}

}  // namespace mtcp::test
