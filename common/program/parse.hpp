// The values that both programs take as text. Each throws std::invalid_argument, saying what was expected.
#pragma once

#include <spdlog/common.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mtcp/address.hpp"
#include "mtcp/types.hpp"

namespace mtcp::program {

/// One decimal digit or more, and nothing else.
bool is_digits(std::string_view text);
/// HOST:PORT where a program listens. An empty host, or "*", stands for every address of this machine.
core::target parse_listen(const std::string& text);
/// HOST:PORT of somebody else: the host is a name or an IP address, the port not 0.
core::target parse_destination(const std::string& text);
/// A name as the DNS knows it (IDNA 2008, RFC 5891); what is ASCII stays as it is.
std::string in_ascii(const std::string& name);
/// How many bridges to a server, 1 to 64; empty for "auto".
std::optional<unsigned> parse_bridges(const std::string& text);
/// An IPv4 or IPv6 address, with brackets or without.
ip_address parse_ip(const std::string& text);
network parse_network(const std::string& text);
/// A whole number from `least` to `most`.
unsigned parse_number(const std::string& text, unsigned least, unsigned most);
/// "50mbit", "1.5gbit", "800kbit", "9600bit" (powers of 1000) as bytes per second; 0 has no unit.
std::uint64_t parse_rate(const std::string& text);
/// "64MB", "1.5GB" or "500kB" (powers of 1000), at least a kB.
std::uint64_t parse_size(const std::string& text);
/// "1400ms", "20s", "15min" or "2h", from a millisecond to a year.
std::chrono::milliseconds parse_duration(const std::string& text);
/// "60s" to "9h", or "off", which is 0.
std::chrono::seconds parse_keep_alive(const std::string& text);
spdlog::level::level_enum parse_log_level(const std::string& text);

}  // namespace mtcp::program
