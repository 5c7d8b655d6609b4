// What a relay does when one end is gone while the other takes nothing: for example a program that was killed in the
// middle of its upload to a server that hangs. Neither direction would notice, since both wait for room; with one TCP
// connection between the two the reset would have arrived at once, and dropped what was under way.
//
// Once the peer has reset the stream, or the local connection was reset, both ends are given up as soon as nothing has
// moved for as long as the patience. Until then the bytes before a reset are still delivered.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "mtcp/async.hpp"
#include "mtcp/stream.hpp"

namespace mtcp::detail {

class relay_watch final : public stop_watcher {
 public:
  /// Both must outlive it; `local` is connected. Costs nothing before one of them is gone.
  relay_watch(stream& remote, tcp::socket& local, std::chrono::milliseconds patience);
  relay_watch(const relay_watch&) = delete;
  relay_watch& operator=(const relay_watch&) = delete;
  ~relay_watch();

  /// One of the ends has taken something.
  void moved() noexcept { ++moves_; }
  /// The local socket is not read for a while, and would not tell of its reset.
  void watch_local();
  /// A write met the reset of the local connection.
  void met_reset() noexcept { local_reset_ = true; }
  /// Found by either; reads of the socket may show no more than an end of file afterwards.
  bool local_was_reset() const noexcept { return local_reset_; }

 private:
  struct waiting;

  void on_stop() override;
  void on_local_error();
  waiting& wait();
  void look_later();
  void look();
  bool one_is_gone() const { return local_reset_ || remote_.peer_has_reset(); }

  stream& remote_;
  tcp::socket& local_;
  std::chrono::milliseconds patience_;
  std::uint64_t moves_ = 0;
  std::uint64_t moves_seen_ = 0;
  bool watches_local_ = false;
  bool local_reset_ = false;
  bool looks_ = false;
  std::unique_ptr<waiting> waiting_;
};

}  // namespace mtcp::detail
