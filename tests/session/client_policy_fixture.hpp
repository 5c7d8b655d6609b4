// A client's policy, asked step by step: actions out, what came of them in.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/engine_pair.hpp"
#include "mtcp/core/wire/frame.hpp"
#include "mtcp/core/wire/wire.hpp"
#include "mtcp/session/client_policy.hpp"
#include "mtcp/session/outcome.hpp"
#include "session/fake_link.hpp"

namespace mtcp::test {

using namespace std::chrono_literals;

class client_policy_fixture : public testing::Test, public waker, public openings::listener {
 protected:
  client_policy& make(unsigned bridges, std::size_t paths = 1) {
    client_settings s;
    for (std::size_t i = 0; i < paths; ++i) s.paths.push_back({"path " + std::to_string(i), bridges, false, {}});
    s.reverse = reverse;
    policy.emplace(std::move(s), *this, *this,
                   [this](const trace::event& e) { traced.push_back(trace::to_string(e)); });
    policy->start(now);
    return *policy;
  }
  /// Of paths that come later.
  void make_without_paths() {
    client_settings s;
    s.paths_come = true;
    policy.emplace(std::move(s), *this, *this,
                   [this](const trace::event& e) { traced.push_back(trace::to_string(e)); });
    policy->start(now);
  }
  tunnel_snapshot snapshot() const {
    tunnel_snapshot s;
    policy->describe(s, now);
    return s;
  }

  // ---- what it wants ----

  std::vector<client_policy::dial> dials() {
    std::vector<client_policy::dial> all;
    for (const auto& a : actions())
      if (const auto* d = std::get_if<client_policy::dial>(&a)) all.push_back(*d);
    return all;
  }
  /// Those of the next moments as well: dials of a path come a little apart.
  std::vector<client_policy::dial> all_dials() {
    std::vector<client_policy::dial> all;
    for (auto more = dials(); !more.empty(); more = dials()) {
      all.insert(all.end(), more.begin(), more.end());
      now += 45ms;
    }
    return all;
  }
  std::vector<client_policy::greet> greetings() {
    std::vector<client_policy::greet> all;
    for (const auto& a : actions())
      if (const auto* g = std::get_if<client_policy::greet>(&a)) all.push_back(*g);
    return all;
  }
  std::vector<client_policy::action> actions() {
    converse();
    std::vector<client_policy::action> all;
    while (auto a = policy->next_action()) all.push_back(std::move(*a));
    return all;
  }
  /// Lets the time pass to its next deadline.
  void pass_to_deadline() {
    const auto next = policy->next_deadline();
    ASSERT_TRUE(next.has_value());
    now = std::max(now, *next);
  }

  // ---- what comes of it ----

  /// Both ends work, and hear what the other says.
  void converse() {
    policy->work(now);
    for (std::size_t i = 0; i < up.size(); ++i) {
      if (up[i].session->core.find_bridge(up[i].bridge) == nullptr) continue;
      for (const auto& piece : std::exchange(links[i]->sent, {})) server.handle_input(up[i].bridge, piece, now);
      server.transmit_order(now);
      std::vector<core::slice> said{core::slice::copy_of(core::test::frames_for(server, up[i].bridge, now))};
      up[i].session->core.receive(up[i].bridge, said, now);
    }
    policy->work(now);
  }

  static core::welcome welcome(core::welcome_status status = core::welcome_status::ok) {
    core::welcome w;
    w.status = status;
    w.session[0] = std::byte{0xab};
    w.instance[0] = std::byte{1};
    w.limits = core::announced({});
    return w;
  }
  client_policy::attached bring_up(client_policy::dial_id id, const core::welcome& got = welcome()) {
    EXPECT_EQ(policy->welcomed(id, got, now), error_code());
    links.push_back(std::make_unique<fake_link>());
    up.push_back(policy->attach(id, *links.back(), now));
    server.bridge_up(up.back().bridge, {}, now);
    converse();
    return up.back();
  }
  /// One bridge after the other, as many as it dials.
  void connect_all() {
    for (const auto& d : all_dials()) policy->connected(d.id, now);
    for (auto waiting = greetings(); !waiting.empty(); waiting = greetings())
      for (const auto& g : waiting) bring_up(g.id);
  }
  void lose(const client_policy::attached& gone, error_code why = connection_reset()) {
    gone.session->core.find_bridge(gone.bridge)->close(why);
    policy->detach(gone, now);
  }

  /// The server has found that the bridge makes no progress, and says so on it.
  void hear_suspect(const client_policy::attached& which) {
    hear(which, core::frame_type::bridge_suspect, which.bridge);
  }
  void hear_ping(const client_policy::attached& which) { hear(which, core::frame_type::ping, 1); }
  void hear(const client_policy::attached& on, core::frame_type type, std::uint64_t number) {
    std::array<std::byte, 16> bytes;
    core::wire_writer body(std::span<std::byte>(bytes).subspan(core::frame_header_size));
    body.varint(number);
    core::put_frame_header(std::span<std::byte>(bytes).first<core::frame_header_size>(), type, body.size());
    const std::size_t size = core::frame_header_size + body.size();
    std::vector<core::slice> pieces{core::slice::copy_of(std::span<std::byte>(bytes).first(size))};
    on.session->core.receive(on.bridge, pieces, now);
  }
  std::uint64_t open() {
    const auto ticket = policy->next_ticket();
    policy->open(ticket, {"example.org", 80}, {}, now);
    return ticket;
  }
  bool refuses() const {
    tunnel_snapshot s;
    policy->describe(s, now);
    return s.refuses;
  }
  /// Works at each of its deadlines up to then.
  void pass_to(core::timestamp end) {
    policy->work(now);
    for (auto next = policy->next_deadline(); next && *next < end; next = policy->next_deadline()) {
      now = std::max(now + 1ms, *next);
      policy->work(now);
    }
    now = end;
    if (const auto next = policy->next_deadline(); next && *next <= now) policy->work(now);
  }
  std::uint64_t lost_on_path() const {
    tunnel_snapshot s;
    policy->describe(s, now);
    return s.paths.at(0).reconnects;
  }

  core::timestamp now{1h};
  std::vector<reverse_options> reverse;  // to be set before make()
  std::vector<std::string> traced;
  std::vector<std::unique_ptr<fake_link>> links;  // behind the policy, which closes them
  std::optional<client_policy> policy;
  core::engine server{core::role::server, {}};
  std::vector<client_policy::attached> up;
  std::map<std::uint64_t, error_code> failed;  // openings by ticket

 private:
  void wake() override {}
  void on_opened(std::uint64_t, session&, core::stream_id, const core::target&, bool) override {}
  void on_not_opened(std::uint64_t ticket, error_code why) override { failed[ticket] = why; }
};

}  // namespace mtcp::test
