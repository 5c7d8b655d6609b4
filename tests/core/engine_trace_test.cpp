// What an engine tells of what it does on its own.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/engine_pair.hpp"
#include "mtcp/core/trace.hpp"

namespace mtcp::core::test {
namespace {

class listener : public trace_observer {
 public:
  void on_trace(const traced::event& what) override { all.push_back(what); }
  template <class Event>
  std::vector<Event> told() const {
    std::vector<Event> some;
    for (const traced::event& e : all)
      if (const auto* one = std::get_if<Event>(&e)) some.push_back(*one);
    return some;
  }
  std::vector<traced::event> all;
};

struct traced_pair : engine_pair {
  using engine_pair::engine_pair;
  void upload(stream_id id, duration time) {
    for (const timestamp until = now + time; now < until;) {
      client.write(id, bytes_of(std::string(64 * 1024, 'x')), now);
      run(1ms);
      read(server, id);
    }
  }
  listener heard;
};

TEST(EngineTrace, ABridgeIsSuspectAndRecovers) {
  traced_pair pair;
  const stream_id id = pair.open();
  pair.upload(id, 500ms);
  pair.client.trace_to(&pair.heard);
  pair.hold(1);
  pair.upload(id, 1s);
  auto suspected = pair.heard.told<traced::suspected>();
  std::erase_if(suspected, [](const traced::suspected& e) { return e.why == suspicion::peer; });
  ASSERT_EQ(suspected.size(), 1U);
  EXPECT_EQ(suspected[0].bridge, 1U);
  EXPECT_EQ(suspected[0].why, suspicion::overtaken);
  EXPECT_GE(suspected[0].silent_for, 300ms);
  EXPECT_TRUE(pair.heard.told<traced::recovered>().empty());
  pair.release(1);
  pair.upload(id, 1s);
  const auto recovered = pair.heard.told<traced::recovered>();
  ASSERT_EQ(recovered.size(), 1U);
  EXPECT_EQ(recovered[0].bridge, 1U);
}

TEST(EngineTrace, EveryBridgeIsSilent) {
  traced_pair pair;
  const stream_id id = pair.open();
  pair.client.trace_to(&pair.heard);
  for (const bridge_id b : {1, 2}) pair.silence(b);
  pair.client.write(id, bytes_of("?"), pair.now);
  pair.run(1500ms);
  const auto suspected = pair.heard.told<traced::suspected>();
  ASSERT_EQ(suspected.size(), 2U);
  for (const traced::suspected& e : suspected) EXPECT_EQ(e.why, suspicion::silence);
}

TEST(EngineTrace, TheServerHasFoundABridgeSuspect) {
  traced_pair pair;
  const stream_id id = pair.open();
  pair.download(id, 500ms);
  pair.client.trace_to(&pair.heard);
  pair.silence(1);
  pair.download(id, 1s);
  const auto suspected = pair.heard.told<traced::suspected>();
  EXPECT_TRUE(std::ranges::any_of(
      suspected, [](const traced::suspected& e) { return e.bridge == 1 && e.why == suspicion::peer; }));
}

TEST(EngineTrace, FramesOfALostBridgeAreSentAgain) {
  traced_pair pair;
  const stream_id id = pair.open();
  pair.client.trace_to(&pair.heard);
  pair.client.write(id, bytes_of("hello"), pair.now);
  ASSERT_FALSE(pair.poll(pair.client, 1).empty());
  EXPECT_TRUE(pair.heard.told<traced::resent>().empty());
  pair.cut(1);
  const auto resent = pair.heard.told<traced::resent>();
  ASSERT_EQ(resent.size(), 1U);
  EXPECT_EQ(resent[0].bridge, 1U);
  EXPECT_EQ(resent[0].on, 0U);
  EXPECT_EQ(resent[0].why, resend::lost);
  EXPECT_EQ(resent[0].frames, 1U);
  EXPECT_EQ(resent[0].bytes, 5U);
  pair.run(20ms);
  EXPECT_EQ(pair.read(pair.server, id), "hello");
}

// A backup carries no copies before.
TEST(EngineTrace, FramesOfASuspectAreSentAgain) {
  traced_pair pair({}, 1);
  const bridge_id backup = pair.add_bridge({.role = path_role::backup});
  const stream_id id = pair.open();
  pair.client.trace_to(&pair.heard);
  pair.silence(1);
  pair.client.write(id, bytes_of("hello"), pair.now);
  for (int i = 0; i < 20; ++i) {
    pair.server.bridge_changed(backup, {.role = path_role::backup});  // it has something to say
    pair.run(97ms);
  }
  EXPECT_TRUE(std::ranges::any_of(pair.heard.told<traced::resent>(), [](const traced::resent& e) {
    return e.bridge == 1 && e.on == 0 && e.why == resend::suspected && e.bytes == 5;
  }));
  EXPECT_EQ(pair.read(pair.server, id), "hello");
}

TEST(EngineTrace, AFrameThatIsLateTravelsAgainOnAnotherBridge) {
  traced_pair pair;
  const stream_id id = pair.open();
  pair.upload(id, 500ms);
  pair.client.trace_to(&pair.heard);
  pair.silence(1);
  pair.client.write(id, bytes_of(std::string(4'000'000, 'x')), pair.now);
  pair.run(250ms);
  EXPECT_TRUE(pair.heard.told<traced::suspected>().empty()) << "not yet";
  const auto resent = pair.heard.told<traced::resent>();
  ASSERT_FALSE(resent.empty());
  for (const traced::resent& e : resent) {
    EXPECT_EQ(e.bridge, 1U);
    EXPECT_EQ(e.on, 2U);
    EXPECT_TRUE(e.why == resend::late || e.why == resend::quicker);
  }
}

// Each time that it has changed notably, which is now and then.
TEST(EngineTrace, ACapFollowsTheRate) {
  traced_pair pair({}, 1);
  const stream_id id = pair.open();
  pair.client.trace_to(&pair.heard);
  pair.upload(id, 1s);
  const auto paced = pair.heard.told<traced::paced>();
  ASSERT_FALSE(paced.empty());
  EXPECT_LT(paced.size(), 30U);
  EXPECT_GT(paced.back().cap, paced.front().cap);
  EXPECT_GT(paced.back().rate, 1'000'000U);
}

TEST(EngineTrace, NobodyIsToldAnyMore) {
  traced_pair pair;
  const stream_id id = pair.open();
  pair.client.trace_to(&pair.heard);
  pair.client.trace_to(nullptr);
  pair.upload(id, 500ms);
  pair.cut(1);
  pair.upload(id, 500ms);
  EXPECT_TRUE(pair.heard.all.empty());
}

}  // namespace
}  // namespace mtcp::core::test
