// What is behind a stream: a tunnel (stream_impl.hpp), or a TCP connection (socket_stream.hpp). What each function
// means is said in stream.hpp.
#pragma once

#include <cstddef>
#include <optional>

#include "mtcp/async.hpp"
#include "mtcp/stream.hpp"
#include "mtcp/types.hpp"

namespace mtcp::detail {

class stream_backend {
 public:
  virtual ~stream_backend() = default;

  virtual executor get_executor() const noexcept = 0;
  virtual core::stream_id id() const noexcept = 0;
  virtual const core::target& target() const = 0;
  virtual const core::target& bound() const noexcept = 0;
  virtual const core::target& source() const {
    static const core::target none;
    return none;
  }

  // A result means that the operation is over; no result, that it has to wait.
  virtual std::optional<io_result> try_read(const read_request& request) = 0;
  virtual std::optional<io_result> try_write(write_request& request) = 0;
  virtual void wait_read(const read_request& request, io_completion done) = 0;
  virtual void wait_write(const write_request& request, io_completion done) = 0;
  virtual void cancel_read() = 0;
  virtual void cancel_write() = 0;
  virtual std::size_t writable() const = 0;

  virtual void shutdown_send() = 0;
  virtual void reset_send(core::reset_code code) = 0;
  virtual void stop_receive(core::reset_code code) = 0;
  virtual void reset(core::reset_code code) = 0;
  virtual void close() = 0;
  virtual void watch_stop(stop_watcher* who) noexcept = 0;
  virtual bool peer_has_reset() const = 0;
};

}  // namespace mtcp::detail
