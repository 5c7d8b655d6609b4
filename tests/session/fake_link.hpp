// A link that does what the test says.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "mtcp/session/link.hpp"

namespace mtcp::test {

class fake_link final : public link {
 public:
  error_code write(std::span<const core::byte_piece> frames) override {
    if (fails) return fails;
    for (const core::byte_piece& piece : frames) {
      written += piece.size();
      unsent += piece.size();
      sent.insert(sent.end(), piece.begin(), piece.end());
    }
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
  void close() override { ++closed; }
  std::string local() const override { return "192.0.2.1:1"; }
  std::string remote() const override { return "192.0.2.2:2"; }

  /// Everything has been sent.
  void clear() {
    unsent = 0;
    takes = SIZE_MAX;
    awaits_room = false;
  }

  error_code fails;
  std::size_t takes = SIZE_MAX;  ///< bytes beyond these stay pending
  std::size_t written = 0;
  std::size_t unsent = 0;
  std::vector<std::byte> sent;
  std::size_t unsent_limit = 0;
  bool awaits_room = false;
  core::tcp_info info{};
  int asked = 0;
  int closed = 0;
};

}  // namespace mtcp::test
