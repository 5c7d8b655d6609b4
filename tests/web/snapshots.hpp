// Tunnels as a test describes them.
#pragma once

#include <string>
#include <utility>

#include "mtcp/snapshot.hpp"

namespace mtcp::test {

inline bridge_snapshot bridge(std::uint64_t id, std::uint64_t up, std::uint64_t down) {
  bridge_snapshot b;
  b.id = id;
  b.path_name = "a:1";
  b.local = "127.0.0.1:5";
  b.remote = "127.0.0.1:6";
  b.bytes_up = up;
  b.bytes_down = down;
  return b;
}

inline stream_snapshot stream(std::uint64_t id, std::string host, std::uint64_t up, std::uint64_t down) {
  return {.id = id, .to = {std::move(host), 443}, .bytes_up = up, .bytes_down = down};
}

/// Up, with one path that wants two bridges.
inline tunnel_snapshot tunnel(std::string session, std::vector<bridge_snapshot> bridges) {
  tunnel_snapshot t;
  t.session = std::move(session);
  t.now = bridges.empty() ? tunnel_snapshot::state::down : tunnel_snapshot::state::up;
  t.paths = {{.name = "a:1", .bridges_wanted = 2, .bridges_up = bridges.size()}};
  t.bridges = std::move(bridges);
  return t;
}

inline acceptor_snapshot only(tunnel_snapshot t) {
  acceptor_snapshot all;
  all.tunnels.push_back(std::move(t));
  return all;
}

}  // namespace mtcp::test
