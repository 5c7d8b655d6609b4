// The test vectors that PROTOCOL.md refers to: they are today's, and the engine understands each.
#include "vectors/vectors.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/engine_pair.hpp"
#include "mtcp/core/wire/frame.hpp"
#include "mtcp/core/wire/hello.hpp"
#include "mtcp/key.hpp"
#include "mtcp/net/tls/psk_identity.hpp"
#include "vectors/hex.hpp"

namespace mtcp::vectors {
namespace {

using namespace std::chrono_literals;
using json = nlohmann::ordered_json;
using bytes = std::vector<std::byte>;
namespace events = core::events;

std::string published() {
  std::ifstream file(MTCP_VECTORS);
  return {std::istreambuf_iterator<char>(file), {}};
}

const json& all() {
  static const json parsed = json::parse(published());
  return parsed;
}

bytes greeting(std::size_t number) { return from_hex(all().at("greetings").at(number).at("frame")); }

std::span<const std::byte> body_of(const bytes& frame) { return std::span(frame).subspan(core::frame_header_size); }

TEST(Vectors, AreWhatTheCodeMakes) {
  EXPECT_EQ(published(), make().dump(1) + '\n') << "if the protocol has changed: protocol_vectors >" << MTCP_VECTORS;
}

TEST(Vectors, NameAKeyAndItsIdentity) {
  const key k = key::parse(all().at("key").at("text").get<std::string>());
  EXPECT_EQ(to_string(k.id()), all().at("key").at("id"));
  EXPECT_EQ(k.to_string(), all().at("key").at("text"));
  key_ring ring;
  ring.add(k);
  EXPECT_NE(find_by_identity(ring, from_hex(all().at("identity").at("identity")), {}).key, nullptr);
}

TEST(Vectors, NameAKeyOfVersion2) {
  const json& v = all().at("version_2");
  const key k = key::parse(v.at("text").get<std::string>());
  const auto server = server_identity::parse(v.at("server_text").get<std::string>());
  EXPECT_EQ(k.server(), server.public_key());
  key_ring ring;
  ring.add(k);
  ring.add(std::make_shared<const server_identity>(server));
  const auto now = std::chrono::sys_seconds(std::chrono::seconds(v.at("time").get<std::int64_t>()));
  const found_key found = find_by_identity(ring, from_hex(v.at("identity")), now);
  ASSERT_TRUE(found.key);
  EXPECT_EQ(to_hex(found.psk.bytes()), v.at("connection_psk"));
}

TEST(Vectors, Greet) {
  const auto create = core::decode_hello(body_of(greeting(0)));
  const auto welcome = core::decode_welcome(body_of(greeting(1)));
  const auto join = core::decode_hello(body_of(greeting(2)));
  ASSERT_TRUE(create && welcome && join);
  EXPECT_EQ(create->session, core::session_id{});
  EXPECT_EQ(create->extensions.number(core::extension::resume_timeout), 60'000u);
  EXPECT_EQ(welcome->extensions.number(core::extension::resume_timeout), 30'000u);
  EXPECT_EQ(join->session, welcome->session);
  EXPECT_EQ(join->secret, welcome->secret);
  EXPECT_EQ(join->instance, welcome->instance);
  EXPECT_EQ(join->bridge, 300u);
  EXPECT_EQ(join->options.role, core::path_role::backup) << "as who does not know the extension has it";
  EXPECT_EQ(core::role_of(join->extensions), core::path_role::overflow);
  ASSERT_EQ(join->counts.size(), 2u);
  EXPECT_EQ(join->counts[0].count, 123'456'789'012u);
}

// A tunnel in which each frame of the vectors may come.
class Frames : public ::testing::Test {
 protected:
  Frames() {
    pair.client.open({"example.org", 443}, {}, pair.now);
    pair.run();
    pair.events(pair.server);
  }

  static bytes frame(std::string_view type, std::size_t number = 0) {
    for (const json& v : all().at("frames"))
      if (v.at("type") == type && number-- == 0) return from_hex(v.at("frame"));
    throw std::out_of_range("no such vector");
  }
  // Answers whether the frame was taken, and led to an event of that kind.
  template <class Event>
  bool brings(core::engine& to, const bytes& what) {
    to.handle_input(1, core::slice::copy_of(what), pair.now);
    bool seen = false;
    while (const auto e = to.poll_event()) {
      EXPECT_FALSE(std::holds_alternative<events::failed>(*e));
      seen |= std::holds_alternative<Event>(*e);
      last = *e;
    }
    return seen;
  }
  void takes(core::engine& to, const bytes& what) { EXPECT_FALSE(brings<events::failed>(to, what)); }

  core::test::engine_pair pair;
  core::event last{};
};

TEST_F(Frames, OpenAndAnswer) {
  core::test::engine_pair fresh;
  EXPECT_TRUE(brings<events::incoming>(fresh.server, frame("OPEN")));
  EXPECT_EQ(fresh.server.target_of(1), (core::target{"example.org", 443}));
  EXPECT_TRUE(brings<events::incoming>(fresh.server, frame("OPEN", 1)));
  EXPECT_TRUE(core::is_association(fresh.server.target_of(2)));
  EXPECT_TRUE(brings<events::opened>(pair.client, frame("OPENED")));
  EXPECT_EQ(pair.client.bound_address(1), (core::target{"192.0.2.7", 54'321}));
}

TEST_F(Frames, Refuse) {
  EXPECT_TRUE(brings<events::refused>(pair.client, frame("REFUSED")));
  EXPECT_EQ(std::get<events::refused>(last).why, core::refusal::connection_refused);
}

TEST_F(Frames, CarryBytesAndTheirEnd) {
  EXPECT_TRUE(brings<events::opened>(pair.client, frame("OPENED")));
  EXPECT_TRUE(brings<events::readable>(pair.client, frame("DATA")));
  EXPECT_EQ(pair.read(pair.client, 1), "hello, world");
  EXPECT_TRUE(brings<events::readable>(pair.client, frame("FIN")));
  pair.read(pair.client, 1);
  EXPECT_EQ(pair.last_read.status, core::read_result::state::end);
  EXPECT_TRUE(brings<events::stopped>(pair.client, frame("STOP")));
}

TEST_F(Frames, CarryBytesAnywhere) {
  takes(pair.client, frame("OPENED"));
  takes(pair.client, frame("DATA", 1));
  EXPECT_EQ(pair.client.stats().reorder_bytes, 1u);
}

TEST_F(Frames, Reset) {
  takes(pair.client, frame("OPENED"));
  takes(pair.client, frame("DATA"));
  takes(pair.client, frame("RESET"));
  EXPECT_EQ(pair.read(pair.client, 1), "hello, world");
  pair.read(pair.client, 1);
  EXPECT_EQ(pair.last_read.status, core::read_result::state::reset);
}

TEST_F(Frames, GrantCreditAndAcknowledge) {
  takes(pair.client, frame("OPENED"));
  takes(pair.client, frame("WINDOW", 0));
  takes(pair.client, frame("WINDOW", 1));
  takes(pair.client, frame("ACK"));
}

TEST_F(Frames, AskAndAreAnswered) {
  core::test::engine_pair fresh({}, 0);
  pair.now = fresh.now;
  fresh.client.bridge_up(1, {}, fresh.now);
  const bytes first = core::test::frames_for(fresh.client, 1, fresh.now);
  EXPECT_EQ(first, frame("PING")) << "the first frame of a bridge";
  takes(fresh.client, frame("PING"));
  EXPECT_EQ(core::test::frames_for(fresh.client, 1, fresh.now), frame("PONG"));
  pair.now = fresh.now + 10ms;
  takes(fresh.client, frame("PONG"));
  EXPECT_EQ(fresh.client.stats_of(1)->rtt, 10ms);
}

TEST_F(Frames, SpeakOfBridges) {
  takes(pair.server, frame("PATH"));
  EXPECT_TRUE(brings<events::bridge_suspect>(pair.client, frame("BRIDGE_SUSPECT")));
  EXPECT_TRUE(brings<events::bridge_closed>(pair.client, frame("BRIDGE_CLOSED")));
  EXPECT_EQ(std::get<events::bridge_closed>(last).bridge, 2u);
  EXPECT_TRUE(brings<events::going_away>(pair.client, frame("GOAWAY")));
}

TEST_F(Frames, CarryDatagrams) {
  pair.client.open({}, {}, pair.now);
  pair.run();
  pair.server.answer(2, {}, pair.now);
  EXPECT_TRUE(brings<events::datagram>(pair.server, frame("DATAGRAM")));
  const auto got = pair.server.read_datagram(2);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->peer, (core::target{"192.0.2.53", 53}));
  EXPECT_EQ(to_hex(got->payload.bytes()), to_hex(core::test::bytes_of("a question")));
}

TEST_F(Frames, ListenAndTellOfConnections) {
  core::test::engine_pair fresh;
  for (core::engine* one : {&fresh.client, &fresh.server}) one->allow_reverse(10);
  fresh.client.listen({"", 8080}, fresh.now);
  EXPECT_TRUE(brings<events::incoming>(fresh.server, frame("LISTEN")));
  EXPECT_EQ(fresh.server.kind_of(1), core::stream_kind::listener);
  EXPECT_EQ(fresh.server.target_of(1), (core::target{"", 8080}));
  EXPECT_TRUE(brings<events::incoming>(fresh.client, frame("ACCEPTED")));
  EXPECT_EQ(fresh.client.listener_of(2), 1u);
  EXPECT_EQ(fresh.client.target_of(2), (core::target{"192.0.2.9", 4711}));
}

TEST_F(Frames, OfAnUnknownTypeAreSkipped) { takes(pair.server, frame("unknown")); }

}  // namespace
}  // namespace mtcp::vectors
