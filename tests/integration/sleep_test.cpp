// A laptop sleeps: time passes for its server, and none for itself.
#include <gtest/gtest.h>

#include <csignal>

#include "integration/deployment.hpp"
#include "support/peer.hpp"
#include "support/socket.hpp"

namespace mtcp::lab {
namespace {

/// The client sleeps, and the network forgets its connections, until the server says something that matches `until`.
void send_to_sleep(deployment& halves, const std::string& until) {
  const std::size_t before = halves.server().lines();
  halves.client().send_signal(SIGSTOP);
  halves.lines().lose_all(loss::reset);
  halves.server().expect(until, 30s, before);
  halves.client().send_signal(SIGCONT);
}

TEST(Sleep, StreamsGoOnIfTheServerHasWaited) {
  plan p;
  p.server_options.insert(p.server_options.end(), {"--log-level", "debug"});
  deployment halves(p);
  const peer echo(habit::echo);
  socket s = halves.stream_to("127.0.0.1", echo.port());
  send_to_sleep(halves, "bridge 3 lost");
  s.send("still here");
  EXPECT_EQ(s.receive(10), "still here");
}

TEST(Sleep, TheLogSaysThatTheServerHasNotWaited) {
  plan p;
  p.server_options.insert(p.server_options.end(), {"--resume-timeout", "1s", "--log-level", "debug"});
  deployment halves(p);
  const peer echo(habit::echo);
  socket s = halves.stream_to("127.0.0.1", echo.port());
  const std::size_t before = halves.client().lines();
  send_to_sleep(halves, "no bridge came back in time");
  halves.client().expect("given up the session, which had no bridge there for 1 s", 30s, before);
  std::string text;
  EXPECT_EQ(s.drain(text), tail::reset);
}

}  // namespace
}  // namespace mtcp::lab
