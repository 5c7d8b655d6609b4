// A body on its way from one side of an exchange to the other.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>
#include <cstddef>
#include <memory>

#include "http_head.hpp"
#include "mtcp/async.hpp"
#include "mtcp/relay.hpp"

namespace mtcp::client {

constexpr std::size_t body_piece_size = 16 * 1024;

/// Piece by piece as it comes.
template <bool is_request>
struct body_relay {
  http::parser<is_request, http::buffer_body>& from;
  http::serializer<is_request, http::buffer_body> to{from.get()};
  std::unique_ptr<std::byte[]> piece = std::make_unique<std::byte[]>(body_piece_size);
  bool stopped = false;           // nobody wants the rest
  relay_pace* counter = nullptr;  // may be null

  /// Reads at least one byte of the body, or its end.
  template <class Source>
  task<error_code> read(Source& source, boost::beast::flat_buffer& buffer) {
    auto& body = from.get().body();
    std::size_t size = 0;
    error_code error;
    while (!error && size == 0 && !from.is_done() && !stopped) {
      body.data = piece.get();
      body.size = body_piece_size;
      auto [failed, taken] = co_await http::async_read_some(source, buffer, from, use_result);
      size = body_piece_size - body.size;
      if (failed != http::error::need_buffer) error = failed;
    }
    body.data = size != 0 ? piece.get() : nullptr;  // an empty piece would be taken for the last chunk
    body.size = size;
    body.more = !from.is_done();
    co_return error;
  }

  template <class Sink>
  task<error_code> write(Sink& sink) {
    auto [error, size] = co_await http::async_write(sink, to, use_result);
    count(size);
    if (error == http::error::need_buffer) error = {};
    co_return error;
  }

  template <class Sink>
  task<error_code> write_head(Sink& sink) {
    to.split(true);
    auto [error, size] = co_await http::async_write_header(sink, to, use_result);
    count(size);
    co_return error;
  }

  /// A request goes up, a response comes down.
  void count(std::size_t size) const {
    if (counter != nullptr) counter->crossed(size, !is_request);
  }

  /// All that is left of the message. What came before an error goes on.
  template <class Source, class Sink>
  task<error_code> run(Source& source, boost::beast::flat_buffer& buffer, Sink& sink) {
    while (!to.is_done() && !stopped) {
      const error_code broken = co_await read(source, buffer);
      if (broken && from.get().body().size == 0) co_return broken;
      const error_code error = co_await write(sink);
      if (error || broken) co_return error ? error : broken;
    }
    co_return error_code();
  }
};

using request_relay = body_relay<true>;
using response_relay = body_relay<false>;

}  // namespace mtcp::client
