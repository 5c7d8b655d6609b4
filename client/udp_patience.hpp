// How long a UDP association that a packet filter has begun lasts while nothing is sent: nobody says when it is over.
// Pure.
#pragma once

#include <chrono>
#include <cstdint>

namespace mtcp::client {

/// Programs ask name servers from a new port each time, so those associations go soonest. Others last as they do in
/// translators of addresses: two minutes (RFC 4787, section 4.3), and 30 s until something has come back, as Linux
/// does.
class udp_patience {
 public:
  void sent(std::uint16_t to) noexcept { only_names_ = only_names_ && to == 53; }
  void answered() noexcept { answered_ = true; }

  std::chrono::seconds now() const noexcept {
    if (only_names_) return std::chrono::seconds(10);
    return std::chrono::seconds(answered_ ? 120 : 30);
  }

 private:
  bool only_names_ = true;
  bool answered_ = false;
};

}  // namespace mtcp::client
