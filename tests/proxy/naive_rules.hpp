// The rules of applications' destinations once more, as slowly and plainly as can be; and rules and destinations by
// chance.
#pragma once

#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "mtcp/proxy/route_table.hpp"

namespace mtcp::test {

class naive_rules {
 public:
  void add(const std::string& rule, proxy::route to) { all_.emplace_back(rule, to); }

  std::optional<proxy::route> find(const std::string& host, std::uint16_t port, proxy::transport over) const {
    std::optional<std::pair<int, proxy::route>> best;  // how close it is, and what it says
    for (const auto& [rule, to] : all_) {
      const int close = closeness(rule, host, port, over);
      if (close >= 0 && (!best || std::pair(close, to) > *best)) best = {close, to};
    }
    if (!best) return std::nullopt;
    return best->second;
  }

 private:
  /// "4" or "6" and a digit for each bit; empty for a name.
  static std::string digits(const std::string& host) {
    std::array<unsigned char, 16> bytes{};
    const bool is_v4 = inet_pton(AF_INET, host.c_str(), bytes.data()) == 1;
    if (!is_v4 && inet_pton(AF_INET6, host.c_str(), bytes.data()) != 1) return {};
    std::string out = is_v4 ? "4" : "6";
    for (std::size_t i = 0; i < (is_v4 ? 32U : 128U); ++i) out += (bytes[i / 8] >> (7 - i % 8) & 1) != 0 ? '1' : '0';
    return out;
  }

  /// Less than 0 if it does not hold the destination.
  static int closeness(const std::string& rule, const std::string& host, std::uint16_t port, proxy::transport over) {
    const std::string protocol = over == proxy::transport::tcp ? "tcp:" : "udp:";
    if (rule.starts_with("tcp:") || rule.starts_with("udp:")) return rule == protocol + std::to_string(port) ? 0 : -1;
    const auto slash = rule.find('/');
    const std::string base = digits(rule.substr(0, slash)), wanted = digits(host);
    if (base.empty() != wanted.empty()) return -1;
    if (!base.empty()) {
      const auto length = slash == std::string::npos ? base.size() : 1 + std::stoul(rule.substr(slash + 1));
      return wanted.starts_with(base.substr(0, length)) ? static_cast<int>(length) - 1 : -1;
    }
    if (rule == host) return 1000;
    const bool holds = rule.starts_with('.') && (host == rule.substr(1) || host.ends_with(rule));
    return holds ? static_cast<int>(rule.size()) : -1;
  }

  std::vector<std::pair<std::string, proxy::route>> all_;
};

template <class Random>
std::string random_name(Random& random) {
  std::string out(1, static_cast<char>('a' + random() % 3));
  for (auto more = random() % 3; more > 0; --more) out += std::string(".") + static_cast<char>('a' + random() % 3);
  return out;
}

/// Of both families, with few bits that are set.
template <class Random>
std::string random_address(Random& random, unsigned prefix = 128) {
  const bool is_v4 = random() % 2 == 0;
  std::array<unsigned char, 16> bytes{};
  bytes[0] = is_v4 ? 10 : 0x20;
  for (const std::size_t place : {1U, 3U, 15U}) bytes[place] = static_cast<unsigned char>(random() % 4);
  for (unsigned i = prefix; i < 128; ++i) bytes[i / 8] &= static_cast<unsigned char>(~(0x80 >> (i % 8)));
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(is_v4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

template <class Random>
std::string random_rule(Random& random) {
  switch (random() % 4) {
    case 0:
      return random_name(random);
    case 1:
      return "." + random_name(random);
    case 2:
      return (random() % 2 == 0 ? "tcp:" : "udp:") + std::to_string(80 + random() % 2);
    default: {
      const unsigned prefix = static_cast<unsigned>(random() % 33);
      return random_address(random, prefix) + "/" + std::to_string(prefix);
    }
  }
}

template <class Random>
std::tuple<std::string, std::uint16_t, proxy::transport> random_destination(Random& random) {
  std::string host = random() % 2 == 0 ? random_name(random) : random_address(random);
  const auto port = static_cast<std::uint16_t>(80 + random() % 2);
  return {std::move(host), port, random() % 2 == 0 ? proxy::transport::tcp : proxy::transport::udp};
}

}  // namespace mtcp::test
