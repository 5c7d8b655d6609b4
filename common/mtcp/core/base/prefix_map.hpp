// Blocks of addresses with a value each, of which the smallest one that holds an address counts: a binary tree whose
// nodes without a choice are left out (Morrison, "PATRICIA", 1968). A look-up takes some 20 steps among 100,000 blocks,
// at most 128. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace mtcp::core {

/// The bits of an address, most significant first.
struct address_bits {
  std::uint64_t high = 0, low = 0;
  unsigned size = 0;  ///< 32 (IPv4) or 128; bits behind it are 0

  /// Of 4 or 16 bytes, in the order of the network.
  template <class Byte>
  static address_bits of(std::span<const Byte> bytes) {
    address_bits out;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      (i < 8 ? out.high : out.low) |= std::uint64_t{static_cast<std::uint8_t>(bytes[i])} << (56 - i % 8 * 8);
    out.size = static_cast<unsigned>(bytes.size()) * 8;
    return out;
  }

  bool at(unsigned index) const { return (index < 64 ? high >> (63 - index) : low >> (127 - index)) & 1; }
  /// How many bits both have in common from the front.
  static unsigned common(const address_bits& a, const address_bits& b) {
    if (const std::uint64_t apart = a.high ^ b.high) return static_cast<unsigned>(std::countl_zero(apart));
    return 64 + static_cast<unsigned>(std::countl_zero(a.low ^ b.low));
  }
};

template <class Value>
class prefix_map {
 public:
  struct match {
    const Value* value = nullptr;  ///< null if no block holds the address
    unsigned length = 0;           ///< of the prefix, in bits
  };

  /// The value of the block with the first `length` bits of `base`, and whether the block is new: its value is Value()
  /// then. Valid until the next insert().
  std::pair<Value*, bool> insert(const address_bits& base, unsigned length) {
    nodes_.reserve(std::bit_ceil(nodes_.size() + 2));  // `at` points into it
    index* at = &roots_[base.size == 128];
    while (*at != none) {
      node& here = nodes_[*at];
      const unsigned shared = std::min({here.common(base), length, here.length()});
      if (shared < here.length()) return {value_of(split(*at, base, length, shared)), true};
      if (here.length() == length) {
        const bool is_new = here.value == none;
        return {value_of(*at), is_new};
      }
      at = &here.children[base.at(here.length())];
    }
    *at = make(base, length);
    return {value_of(*at), true};
  }

  /// Of the blocks of its family.
  match find(const address_bits& address) const {
    match best;
    for (index at = roots_[address.size == 128]; at != none;) {
      const node& here = nodes_[at];
      if (here.common(address) < here.length()) break;
      if (here.value != none) best = {&values_[here.value], here.length()};
      if (here.length() == address.size) break;
      at = here.children[address.at(here.length())];
    }
    return best;
  }

  std::size_t size() const noexcept { return values_.size(); }

  /// Calls visit(address_bits, length, value) for every block, in no order that means anything.
  template <class Visit>
  void each(Visit visit) const {
    for (const node& n : nodes_)
      if (n.value != none) visit(n.bits(), n.length(), values_[n.value]);
  }

 private:
  using index = std::uint32_t;
  static constexpr index none = ~index{0};

  /// 32 bytes, so that it lies in one line of the cache.
  struct node {
    std::uint64_t high, low;
    std::array<index, 2> children{none, none};
    index value = none;
    std::uint8_t prefix_length, address_size;

    node(const address_bits& b, unsigned length)
        : high(b.high),
          low(b.low),
          prefix_length(static_cast<std::uint8_t>(length)),
          address_size(static_cast<std::uint8_t>(b.size)) {}
    address_bits bits() const { return {high, low, address_size}; }
    unsigned length() const { return prefix_length; }
    unsigned common(const address_bits& with) const { return address_bits::common(bits(), with); }
  };

  index make(const address_bits& bits, unsigned length) {
    nodes_.emplace_back(bits, length);
    return static_cast<index>(nodes_.size() - 1);
  }

  Value* value_of(index at) {
    if (nodes_[at].value == none) {
      nodes_[at].value = static_cast<index>(values_.size());
      values_.emplace_back();
    }
    return &values_[nodes_[at].value];
  }

  /// Puts a block where another one stands that agrees with it in its first `shared` bits only. Returns the new one.
  index split(index& place, const address_bits& base, unsigned length, unsigned shared) {
    const index old = place;
    const index above = make(base, shared);
    place = above;
    nodes_[above].children[nodes_[old].bits().at(shared)] = old;
    if (shared == length) return above;
    const index beside = make(base, length);
    nodes_[above].children[base.at(shared)] = beside;
    return beside;
  }

  std::array<index, 2> roots_{none, none};  // of IPv4, of IPv6
  std::vector<node> nodes_;
  std::vector<Value> values_;
};

}  // namespace mtcp::core
