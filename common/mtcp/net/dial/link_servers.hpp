// Name servers of one link: "nameserver fe80::1%eth0" in resolv.conf, as routers announce themselves (RFC 8106).
//
// c-ares reads zones since 1.24 only. For an older one each socket gets its zone when it connects. It knows a server by
// address and port alone, and routers of several links tend to be fe80::1 all of them: so its ports are places in our
// list, and the real one is put in when connecting.
//
// A part of resolver_channel.hpp, not for use by itself.
#pragma once

#include <ares.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mtcp/net/dial/zoned_address.hpp"

namespace mtcp::detail {

/// Whence questions leave; empty leaves it to the kernel.
struct question_way {
  std::string interface {};
  std::optional<ip_address> local{};
};

class link_servers {
 public:
  /// All name servers of `resolv_conf`, asked at `port`. Null if c-ares can read the file by itself.
  static std::unique_ptr<link_servers> read(const std::string& resolv_conf, std::uint16_t port);
  link_servers(const link_servers&) = delete;
  link_servers& operator=(const link_servers&) = delete;

  /// Makes them those of `channel`, which must not outlive this. Returns a status of c-ares.
  int install(ares_channel channel);
  /// c-ares does not look after sockets that are made for it.
  void leave_by(question_way way) { way_ = std::move(way); }

 private:
  link_servers(std::vector<zoned_address> all, std::uint16_t port) : all_(std::move(all)), port_(port) {}
  int connect(int socket, const sockaddr* to) const;
  bool choose_way(int socket, bool ipv6) const;
  static const ares_socket_functions* functions();

  std::vector<zoned_address> all_;
  std::uint16_t port_;
  question_way way_;
};

}  // namespace mtcp::detail
