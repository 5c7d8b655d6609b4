#include "lab/packet.hpp"

#include <algorithm>

namespace mtcp::lines {

namespace {

constexpr std::uint8_t tcp = flow_key::tcp, udp = 17;
constexpr std::uint8_t fin_flag = 1, syn_flag = 2, rst_flag = 4, ack_flag = 16;
constexpr std::uint32_t tcp_header = 20;

using view = std::span<const std::uint8_t>;

/// Where things are in a packet.
struct layout {
  std::uint8_t protocol;
  view source, destination;  ///< addresses
  view payload;              ///< of IP
  bool fragment;             ///< one that does not begin with the ports
};

// Extension headers of IPv6 are left alone: TCP comes without any.
std::optional<layout> layout_of(view p) {
  if (p.size() >= 20 && p[0] >> 4 == 4) {
    const std::size_t length = std::size_t{4} * (p[0] & 15);
    if (length < 20 || length > p.size()) return std::nullopt;
    return layout{p[9], p.subspan(12, 4), p.subspan(16, 4), p.subspan(length), (p[6] & 31) != 0 || p[7] != 0};
  }
  if (p.size() >= 40 && p[0] >> 4 == 6) return layout{p[6], p.subspan(8, 16), p.subspan(24, 16), p.subspan(40), false};
  return std::nullopt;
}

std::uint32_t number_at(view p, std::size_t at) {
  return std::uint32_t{p[at]} << 24 | std::uint32_t{p[at + 1]} << 16 | std::uint32_t{p[at + 2]} << 8 | p[at + 3];
}

void put_number(packet& p, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) p[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

flow_key flow_of(const layout& l, direction d) {
  flow_key key;
  const bool up = d == direction::up;
  key.bytes[0] = l.protocol;
  std::ranges::copy(up ? l.source : l.destination, key.bytes.begin() + 1);
  std::ranges::copy(up ? l.destination : l.source, key.bytes.begin() + 17);
  const bool ports = (l.protocol == tcp || l.protocol == udp) && !l.fragment && l.payload.size() >= 4;
  if (!ports) return key;
  std::ranges::copy(l.payload.subspan(up ? 0 : 2, 2), key.bytes.begin() + 33);
  std::ranges::copy(l.payload.subspan(up ? 2 : 0, 2), key.bytes.begin() + 35);
  return key;
}

/// The internet checksum's sum (RFC 1071), not yet folded; all parts but the last have an even size.
std::uint32_t sum_of(view p) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) sum += i % 2 == 0 ? std::uint32_t{p[i]} << 8 : p[i];
  return sum;
}

void put_checksum(packet& p, std::size_t at, std::uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  p[at] = static_cast<std::uint8_t>(~sum >> 8);
  p[at + 1] = static_cast<std::uint8_t>(~sum);
}

/// An IP header for 20 bytes of TCP, from where `l` goes to where it comes from, and room for these 20 bytes.
packet answer_to(const layout& l) {
  const bool four = l.source.size() == 4;
  packet p(four ? 40 : 60);
  p[0] = four ? 0x45 : 0x60;
  p[four ? 3 : 5] = four ? 40 : tcp_header;
  p[four ? 8 : 7] = 64;  // hops
  p[four ? 9 : 6] = tcp;
  const auto addresses = p.begin() + (four ? 12 : 8);
  std::ranges::copy(l.source, std::ranges::copy(l.destination, addresses).out);
  if (four) put_checksum(p, 10, sum_of(view(p).first(20)));
  return p;
}

}  // namespace

std::optional<header> parse(view p, direction d) {
  const std::optional<layout> l = layout_of(p);
  if (!l) return std::nullopt;
  header h{.flow = flow_of(*l, d)};
  if (l->protocol != tcp || l->fragment || l->payload.size() < tcp_header) return h;
  const std::uint8_t flags = l->payload[13];
  h.tcp = true;
  h.syn = (flags & (syn_flag | ack_flag)) == syn_flag;
  h.fin = (flags & fin_flag) != 0;
  h.rst = (flags & rst_flag) != 0;
  h.sequence = number_at(l->payload, 4);
  return h;
}

packet reset_answering(view p) {
  const layout l = layout_of(p).value();
  const view got = l.payload;
  packet answer = answer_to(l);
  const std::size_t at = answer.size() - tcp_header;
  std::ranges::copy(got.subspan(2, 2), answer.begin() + static_cast<std::ptrdiff_t>(at));
  std::ranges::copy(got.subspan(0, 2), answer.begin() + static_cast<std::ptrdiff_t>(at) + 2);
  answer[at + 12] = 5 << 4;
  answer[at + 13] = rst_flag;
  if ((got[13] & ack_flag) != 0) {
    put_number(answer, at + 4, number_at(got, 8));
  } else {  // a SYN is the only packet without
    put_number(answer, at + 8, number_at(got, 4) + 1);
    answer[at + 13] |= ack_flag;
  }
  const view whole(answer);
  put_checksum(answer, at + 16,
               sum_of(l.source) + sum_of(l.destination) + tcp + tcp_header + sum_of(whole.subspan(at)));
  return answer;
}

}  // namespace mtcp::lines
