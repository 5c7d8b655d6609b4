// A stream from which a response is read as response_mender makes it: an AsyncReadStream for Beast.
#pragma once

#include <algorithm>
#include <array>
#include <boost/asio/compose.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "mtcp/async.hpp"
#include "mtcp/stream.hpp"
#include "response_mender.hpp"

namespace mtcp::client {

/// Reads the answer to one request; `from` must outlive it. One read at a time.
class mended_stream {
 public:
  using executor_type = executor;

  mended_stream(stream& from, bool to_head) : from_(from), mender_(to_head) {}

  executor_type get_executor() const noexcept { return from_.get_executor(); }
  const response_mender& mender() const { return mender_; }
  /// The response has been read, and nothing has come behind it.
  bool is_drained() const { return mender_.is_over() && !surplus_ && at_ == ready_.size(); }
  /// What has come and was not read, behind the head with which the origin switches protocols.
  std::string take_ready() { return std::exchange(ready_, {}).substr(std::exchange(at_, 0)); }

  /// Completes with one byte or more, or an error: void(error_code, std::size_t). bad_message: the mender tells why.
  template <class MutableBuffers, class Token>
  auto async_read_some(const MutableBuffers& buffers, Token&& token) {
    const asio::mutable_buffer into = *asio::buffer_sequence_begin(buffers);
    return asio::async_compose<Token, void(error_code, std::size_t)>(reading{*this, into}, token, get_executor());
  }

 private:
  enum class step : std::uint8_t { begin, deliver, plain, mend };

  struct reading {
    mended_stream& of;
    asio::mutable_buffer into;
    step now = step::begin;

    template <class Self>
    void operator()(Self& self, error_code error = {}, std::size_t size = 0) {
      if (now == step::plain) of.mender_.pass(size);
      if (now == step::plain) return self.complete(error, size);
      if (now == step::mend) of.take(size);
      if (now == step::mend && error) return self.complete(error, 0);
      if (!of.has_result()) return read(self);
      if (std::exchange(now, step::deliver) == step::begin) return asio::post(of.get_executor(), std::move(self));
      const std::size_t delivered = of.deliver(into);
      self.complete(delivered == 0 ? make_error_code(boost::system::errc::bad_message) : error_code(), delivered);
    }

    /// What needs no mending goes straight where it is wanted.
    template <class Self>
    void read(Self& self) {
      const auto plain = static_cast<std::size_t>(std::min<std::uint64_t>(of.mender_.plain(), into.size()));
      now = plain != 0 ? step::plain : step::mend;
      const asio::mutable_buffer where = plain != 0 ? asio::buffer(into, plain) : asio::buffer(of.raw_);
      of.from_.async_read_some(where, std::move(self));
    }
  };

  bool has_result() const { return at_ != ready_.size() || mender_.fault() != nullptr; }

  void take(std::size_t size) {
    const std::string_view came(raw_.data(), size);
    if (mender_.put(came, ready_) != size) surplus_ = true;
  }

  std::size_t deliver(asio::mutable_buffer into) {
    const std::size_t size = std::min(into.size(), ready_.size() - at_);
    std::memcpy(into.data(), ready_.data() + at_, size);
    at_ += size;
    if (at_ == ready_.size()) {
      ready_.clear();
      at_ = 0;
    }
    return size;
  }

  stream& from_;
  response_mender mender_;
  bool surplus_ = false;
  std::string ready_;   ///< mended
  std::size_t at_ = 0;  ///< what of it has been delivered
  std::array<char, 8192> raw_;
};

}  // namespace mtcp::client
