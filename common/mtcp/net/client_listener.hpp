// What a client wants listened on at the server, once that is so: streams for the connections that come in. The bytes
// of such a stream may be read and written at once; reads and writes fail if the client does not take it.
//
//   client_listener(request.answer(BOUND)), for an incoming that listens()
//
// Threads and life are those of a stream. The client ends it when it wants nothing listened on any more.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <memory>
#include <utility>

#include "mtcp/async.hpp"
#include "mtcp/net/stream_impl.hpp"
#include "mtcp/stream.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

class client_listener {
 public:
  explicit client_listener(stream answered) : carrier_(std::move(answered)) {}

  /// For a connection from `source`. Not connected if the client takes no more.
  stream accept(core::target source) {
    return stream(carrier_.is_open() ? impl()->accept(std::move(source)) : nullptr);
  }
  /// The client has no bridge at present.
  bool deserted() const { return !carrier_.is_open() || impl()->deserted(); }
  /// Until the client ends it, its session is over, or end().
  task<> wait_end() {
    std::array<std::byte, 256> ignored;
    error_code error;
    while (!error) {
      const auto [failed, size] = co_await carrier_.async_read_some(asio::buffer(ignored), use_result);
      error = failed;
    }
  }
  /// The client is told.
  void end() {
    carrier_.stop_receive();
    carrier_.reset_send();
  }

 private:
  detail::stream_impl* impl() const { return static_cast<detail::stream_impl*>(carrier_.impl_.get()); }

  stream carrier_;
};

}  // namespace mtcp
