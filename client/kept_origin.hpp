// The stream to an origin that one application's next request may use. Only for logins that let in a connection (NTLM,
// Negotiate): a stream of its own for every request is simpler, and none then meets an origin that is about to close.
#pragma once

#include <array>
#include <boost/asio/post.hpp>
#include <optional>
#include <utility>

#include "mtcp/async.hpp"
#include "mtcp/net/asio/lifeline.hpp"
#include "mtcp/stream.hpp"
#include "mtcp/types.hpp"

namespace mtcp::client {

class kept_origin {
 public:
  kept_origin() = default;
  kept_origin(const kept_origin&) = delete;
  kept_origin& operator=(const kept_origin&) = delete;
  ~kept_origin() { remote_.close(); }

  /// While it waits here nothing may come from it: bytes would be taken for the next response.
  void keep(stream remote, core::target to) {
    remote_ = std::move(remote);
    to_ = std::move(to);
    remote_.async_read_some(asio::buffer(byte_), life_.guard([this](error_code error, std::size_t) {
      if (error != asio::error::operation_aborted) remote_.close();
    }));
  }

  /// The stream to `to`; empty if there is none. One to another origin is closed.
  task<std::optional<stream>> take(const core::target& to) {
    if (!remote_.is_open()) co_return std::nullopt;
    remote_.cancel();
    co_await asio::post(remote_.get_executor(), use_result);  // behind the handler, if it was about to run
    if (remote_.is_open() && to_ == to) co_return std::exchange(remote_, stream());
    remote_.close();
    co_return std::nullopt;
  }

 private:
  std::array<std::byte, 1> byte_{};
  stream remote_;
  core::target to_;
  detail::lifeline life_;
};

}  // namespace mtcp::client
