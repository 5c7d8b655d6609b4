// The connection under a bridge: a secure channel over a socket, as a session uses it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "mtcp/async.hpp"
#include "mtcp/net/asio/lifeline.hpp"
#include "mtcp/net/tls/secure_channel.hpp"
#include "mtcp/session/link.hpp"
#include "mtcp/session/session.hpp"

namespace mtcp::detail {

class bridge_link final : public link {
 public:
  explicit bridge_link(secure_channel channel);

  /// Reads frames into the session, where the bridge is attached, until the connection ends, or close() is called.
  /// `first` is what arrived together with the greeting.
  task<> run(session& into, core::bridge_id id, std::vector<core::slice> first);

  error_code write(std::span<const core::byte_piece> frames) override { return channel_.write(frames); }
  bool pending() const override { return channel_.pending(); }
  std::size_t unsent_bytes() override;
  void set_unsent_limit(std::size_t bytes) override;
  void await_room() override;
  std::optional<core::tcp_info> tcp_info(core::timestamp now) override;
  core::duration handshake_rtt() const override { return channel_.handshake_rtt(); }
  std::size_t header_size() const override { return header_size_; }
  void close() override;
  std::string local() const override { return local_; }
  std::string remote() const override { return remote_; }

 private:
  void wake_for_each_packet(bool on);
  void on_room(error_code error);
  void fail(error_code why);

  secure_channel channel_;
  timer pause_;  // between two reads of a busy connection
  std::string local_, remote_;
  std::size_t header_size_ = 0;
  session* session_ = nullptr;  // while it runs
  core::bridge_id id_ = 0;
  bool wakes_for_each_packet_ = true;
  bool closed_ = false;
  core::timestamp next_postponement_{0};
  lifeline lifeline_;
};

}  // namespace mtcp::detail

namespace mtcp {
/// ADDRESS:PORT, IPv6 in brackets.
std::string to_string(const tcp::endpoint& endpoint);
}  // namespace mtcp
