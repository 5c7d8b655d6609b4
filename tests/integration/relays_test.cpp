// Plain TCP relays in front of a server, each of which holds to a rate, are paths: one transfer gets their sum, and one
// that dies costs it nothing but its share.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "integration/deployment.hpp"
#include "support/content.hpp"
#include "support/origin.hpp"

namespace mtcp::lab {
namespace {

constexpr int count = 3;
/// Bytes per second of a relay, for all connections through it together. The buffers of a slow one can hold more than
/// a second of it.
constexpr double quick = 10e6, slow = 1.25e6;

class over_relays : public testing::Test {
 protected:
  explicit over_relays(double r)
      : rate(std::min(r, quick * machine_speed)), size(static_cast<std::uint64_t>(4 * count * rate)) {}

  std::vector<std::string> paths_through(std::uint16_t server) {
    std::vector<std::string> paths;
    for (int i = 0; i < count; ++i) {
      const asio::ip::tcp::endpoint to(asio::ip::address_v4::loopback(), server);
      relays.push_back(std::make_unique<network>(to, shape{.rate_of_all = rate, .delay = 5ms}));
      paths.push_back("bridges=2,server=127.0.0.1:" + std::to_string(relays.back()->port()));
    }
    return paths;
  }
  plan three_relays() {
    return {.bridges = 2 * count, .paths = [this](std::uint16_t server) { return paths_through(server); }};
  }

  const double rate;
  const std::uint64_t size;  // four seconds of all
  std::vector<std::unique_ptr<network>> relays;
};

class Relays : public over_relays, public testing::WithParamInterface<double> {
 protected:
  Relays() : over_relays(GetParam()) {}
};

// The best of three, since the machine may have been busy with something else.
TEST_P(Relays, GiveOneDownloadTheSumOfTheirRates) {
  const origin web;
  deployment halves(three_relays());
  const double wanted = machine_speed == 1 ? 0.95 : 0.6;  // a sanitizer has its own say
  double best = 0;
  for (int attempt = 0; attempt < 5 && best < wanted; ++attempt) {
    const auto r = transfer::download(halves, web.url(""), size).finish();
    EXPECT_TRUE(r.intact) << r.trouble;
    best = std::max(best, r.bytes_per_second / (count * rate));
    std::printf("%d relays of %.2f MB/s, one download: %.1f MB/s, %.1f %% of the sum\n", count, rate / 1e6,
                r.bytes_per_second / 1e6, 100 * r.bytes_per_second / (count * rate));
  }
  EXPECT_GE(best, wanted);
}

INSTANTIATE_TEST_SUITE_P(All, Relays, testing::Values(quick, slow),
                         [](const auto& tried) { return tried.param == quick ? "Quick" : "Slow"; });

/// What a reader sees of a download: whether it is what it should be, and its longest pause.
struct seen {
  bool intact = false;
  std::chrono::duration<double> longest_pause{0};
};

template <class AtHalf>
seen read_all(socket& stream, const origin& web, std::uint64_t size, AtHalf at_half) {
  stream.send("GET /bytes/" + std::to_string(size) + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(web.port()) +
              "\r\n\r\n");
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    const std::string byte = stream.receive(1);
    if (byte.empty()) return {};
    head += byte;
  }
  seen out;
  sha256 hash;
  auto last = std::chrono::steady_clock::now();
  for (std::uint64_t received = 0; received < size;) {
    const std::string some = stream.receive_some();
    if (some.empty()) return out;
    const auto now = std::chrono::steady_clock::now();
    out.longest_pause = std::max<std::chrono::duration<double>>(out.longest_pause, now - std::exchange(last, now));
    hash.update(std::as_bytes(std::span(some)));
    const bool was_below = received < size / 2;
    received += some.size();
    if (was_below && received >= size / 2) at_half();
  }
  out.intact = hash.hex() == content_sha256(size);
  return out;
}

class DyingRelay : public over_relays, public testing::WithParamInterface<std::tuple<double, loss>> {
 protected:
  DyingRelay() : over_relays(std::get<double>(GetParam())) {}
};

// Under a sanitizer the halves may be as slow as the lines, and pauses say nothing.
TEST_P(DyingRelay, CostsADownloadNoByteAndNoLongPause) {
  constexpr auto longest = 400ms;
  const int attempts = machine_speed == 1 ? 3 : 1;
  const origin web;
  deployment halves(three_relays());
  seen best;
  for (int attempt = 0; attempt < attempts && (attempt == 0 || best.longest_pause >= longest); ++attempt) {
    socket stream = halves.stream_to("127.0.0.1", web.port());
    network& dying = *relays[1];
    const seen now = read_all(stream, web, size, [&] {
      dying.close_door();
      dying.lose_all(std::get<loss>(GetParam()));
    });
    EXPECT_TRUE(now.intact);
    std::printf("a relay died: longest pause %.0f ms\n", 1e3 * now.longest_pause.count());
    if (attempt == 0 || now.longest_pause < best.longest_pause) best = now;
    dying.open_door();
    const auto alive = [](const std::vector<crossing>& all) {
      return std::ranges::any_of(all, [](const crossing& c) { return c.open && !c.lost; });
    };
    EXPECT_TRUE(dying.wait(alive, 30s)) << "its path did not come back:\n" << halves.client().standard_error();
  }
  if (machine_speed == 1) {
    EXPECT_LT(best.longest_pause, longest);
  }
}

std::string name(const testing::TestParamInfo<std::tuple<double, loss>>& info) {
  const auto [rate, how] = info.param;
  const std::string loss_name = how == loss::reset ? "Reset" : how == loss::fin ? "Fin" : "Silence";
  return (rate == quick ? "Quick" : "Slow") + loss_name;
}

INSTANTIATE_TEST_SUITE_P(All, DyingRelay,
                         testing::Combine(testing::Values(quick, slow),
                                          testing::Values(loss::reset, loss::fin, loss::silence)),
                         name);

}  // namespace
}  // namespace mtcp::lab
