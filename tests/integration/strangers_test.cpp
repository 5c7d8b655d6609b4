// The server's port is open to the world: what somebody without the key gets from it.
#include <gtest/gtest.h>

#include <vector>

#include "integration/deployment.hpp"
#include "support/content.hpp"
#include "support/origin.hpp"

namespace mtcp::lab {
namespace {

double seconds_since(lab_clock::time_point start) {
  return std::chrono::duration<double>(lab_clock::now() - start).count();
}

TEST(Stranger, GetsNoByteAndIsDropped) {
  deployment halves;
  const origin web;
  const auto start = lab_clock::now();
  std::vector<std::byte> noise(4096);
  fill_content(noise, 0);
  std::vector<socket> strangers;
  for (int i = 0; i < 3; ++i) strangers.emplace_back("127.0.0.1", halves.server_port());
  strangers[1].send(noise);
  strangers[2].send("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
  const auto r = transfer::download(halves, web.url(""), 5'000'000).finish();
  EXPECT_TRUE(r.intact) << r.trouble;
  for (auto& s : strangers) {
    std::string text;
    EXPECT_NE(s.drain(text), tail::timeout);
    EXPECT_EQ(text.size(), 0u);
  }
  EXPECT_GT(seconds_since(start), 3);  // not at once: a closing server would tell junk from a silent handshake
  EXPECT_LT(seconds_since(start), 10);
}

TEST(Stranger, WithAnotherKeyGetsNoTunnel) {
  deployment halves;
  const origin web;
  const std::string other = make_key(halves.files(), "other");
  network door(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), halves.server_port()), {});
  process stranger({client_program, "--key-file", other, "--server", "127.0.0.1:" + std::to_string(door.port()),
                    "--bridges", "1", "--socks", "127.0.0.1:0"});
  // Two attempts are over.
  ASSERT_TRUE(door.wait([](auto& all) { return all.size() > 2 && !all[0].open && !all[1].open; }, 20s))
      << stranger.standard_error();
  EXPECT_EQ(stranger.standard_error().find("tunnel up"), std::string::npos);
  EXPECT_TRUE(transfer::download(halves, web.url(""), 1'000'000).finish().intact);
}

}  // namespace
}  // namespace mtcp::lab
