// A link that does what the test says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mtcp/session/link.hpp"

namespace mtcp::test {

class fake_link final : public link {
 public:
  error_code write(std::span<const core::byte_piece> frames) override {
    if (fails) return fails;
    for (core::piece_reader reader(frames); reader.left() > 0;) keep_record(reader);
    return {};
  }
  bool pending() const override { return written > takes; }
  std::size_t unsent_bytes() override { return unsent; }
  void set_unsent_limit(std::size_t bytes) override { unsent_limit = bytes; }
  void await_room() override { awaits_room = true; }
  std::optional<core::tcp_info> tcp_info(core::timestamp) override {
    ++asked;
    return info;
  }
  core::duration handshake_rtt() const override { return answered_in; }
  std::size_t header_size() const override { return 52; }
  void close() override { ++closed; }
  std::string local() const override { return "192.0.2.1:1"; }
  std::string remote() const override { return "192.0.2.2:2"; }

  /// Everything has been sent. True if the session waited for that: its on_room() is due.
  bool clear() {
    unsent = 0;
    takes = SIZE_MAX;
    return std::exchange(awaits_room, false);
  }

  error_code fails;
  std::size_t takes = SIZE_MAX;  ///< bytes beyond these stay pending
  std::size_t written = 0;
  std::size_t unsent = 0;
  std::vector<core::slice> sent;  ///< in chunks, as TLS at the other end hands them out
  std::size_t unsent_limit = 0;
  bool awaits_room = false;
  std::optional<core::tcp_info> info;  ///< empty: TCP tells nothing
  core::duration answered_in{0};
  int asked = 0;
  int closed = 0;

 private:
  void keep_record(core::piece_reader& reader) {
    core::chunk_ref chunk = core::chunk_ref::make();
    std::size_t filled = 0;
    while (filled < core::chunk_capacity && reader.left() > 0) {
      const core::byte_piece piece = reader.next(core::chunk_capacity - filled);
      std::copy(piece.begin(), piece.end(), chunk.data() + filled);
      filled += piece.size();
    }
    written += filled;
    unsent += filled;
    sent.emplace_back(std::move(chunk), 0, filled);
  }
};

}  // namespace mtcp::test
