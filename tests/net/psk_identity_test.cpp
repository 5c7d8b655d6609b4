// How a client names its key: in no way that links its connections, and so that only its server finds it.
#include "mtcp/net/tls/psk_identity.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "net/tls_fixture.hpp"

namespace mtcp::testing {
namespace {

using namespace std::chrono_literals;

key_ring::identity make_identity() { return std::make_shared<const server_identity>(server_identity::generate()); }

class PskIdentity : public ::testing::TestWithParam<unsigned> {
 protected:
  key make_key() const { return GetParam() == 2 ? key::generate(server->public_key()) : key::generate(); }
  key_ring ring(std::initializer_list<key> keys) const {
    key_ring out = ring_of(keys);
    out.add(server);
    return out;
  }
  psk_identity identity_of(const key& k) const { return name_key(k, now).identity; }
  key_ring::entry find(const key_ring& keys, std::span<const std::byte> identity) const {
    return find_by_identity(keys, identity, now).key;
  }

  const std::chrono::sys_seconds now = today();
  const key_ring::identity server = make_identity();
  const key a = make_key(), b = make_key();
};

TEST_P(PskIdentity, IsNewEachTime) {
  const auto first = identity_of(a), second = identity_of(a);
  for (std::size_t i = 0; i + 8 <= first.size(); ++i) {
    const auto at = first.begin() + static_cast<std::ptrdiff_t>(i);
    EXPECT_EQ(std::search(second.begin(), second.end(), at, at + 8), second.end());
  }
}

TEST_P(PskIdentity, IsFoundByItsKeyOnly) {
  const named_key named = name_key(a, now);
  const found_key found = find_by_identity(ring({b, a}), named.identity, now);
  ASSERT_TRUE(found.key);
  EXPECT_EQ(found.key->id(), a.id());
  EXPECT_EQ(found.psk, named.psk);
  EXPECT_FALSE(find(ring({b}), named.identity));
}

TEST_P(PskIdentity, IsNoneWithAnyOtherByte) {
  const auto identity = identity_of(a);
  for (std::size_t i = 0; i < identity.size(); ++i) {
    // The highest bit of a public key is not looked at (RFC 7748, section 5), but what follows from it is another key.
    auto changed = identity;
    changed[i] ^= std::byte{0x80};
    EXPECT_FALSE(find(ring({a}), changed)) << i;
  }
  EXPECT_FALSE(find(ring({a}), std::span(identity).first(identity.size() - 1)));
  EXPECT_FALSE(find(ring({a}), {}));
}

INSTANTIATE_TEST_SUITE_P(Version, PskIdentity, ::testing::Values(1U, 2U), ::testing::PrintToStringParamName());

class SealedIdentity : public ::testing::Test {
 protected:
  key_ring ring() const {
    key_ring keys = ring_of({own});
    keys.add(server);
    return keys;
  }

  const std::chrono::sys_seconds now = today();
  const key_ring::identity server = make_identity();
  const key own = key::generate(server->public_key());
};

TEST_F(SealedIdentity, IsForItsServerOnly) {
  key_ring elsewhere = ring_of({own});
  elsewhere.add(make_identity());
  EXPECT_FALSE(find_by_identity(elsewhere, name_key(own, now).identity, now).key);
  elsewhere.add(server);
  EXPECT_TRUE(find_by_identity(elsewhere, name_key(own, now).identity, now).key);
}

// Whoever knows the server, and the id of a key of another one, gets no further than with any other name.
TEST_F(SealedIdentity, NamesNoKeyOfAnotherServer) {
  key_ring keys = ring();
  const auto second = make_identity();
  keys.add(second);
  const key_ring of_second = [&] {
    key_ring k = ring_of({key::generate(second->public_key())});
    k.add(server);
    k.add(second);
    return k;
  }();
  EXPECT_FALSE(find_by_identity(of_second, name_key(own, now).identity, now).key);
}

// The pre-shared key of a connection is made by both ends together, and of nothing that one of them had before.
TEST_F(SealedIdentity, MakesAnotherPreSharedKeyEachTime) {
  const named_key first = name_key(own, now), second = name_key(own, now);
  EXPECT_NE(first.psk, second.psk);
  EXPECT_NE(first.psk, own.tls_psk());
}

TEST_F(SealedIdentity, MayBeSaidWithinTwoHours) {
  const auto identity = name_key(own, now).identity;
  for (const std::chrono::seconds off : {-7200s, -1s, 0s, 7200s})
    EXPECT_FALSE(find_by_identity(ring(), identity, now + off).wrong_clock) << off.count();
  for (const std::chrono::seconds off : {-7201s, 7201s, 400'000'000s}) {
    EXPECT_TRUE(find_by_identity(ring(), identity, now + off).wrong_clock) << off.count();
  }
  // Of a clock before 1970, which 64 bits without a sign do not know.
  const auto absurd = name_key(own, std::chrono::sys_seconds(-1s)).identity;
  EXPECT_TRUE(find_by_identity(ring(), absurd, now).wrong_clock);
}

// With such a public key everybody would know what is agreed on (RFC 7748, section 6.1).
TEST_F(SealedIdentity, OfASmallOrderIsNone) {
  for (const std::byte first : {std::byte{0}, std::byte{1}}) {
    auto identity = name_key(own, now).identity;
    std::fill_n(identity.begin(), 32, std::byte{0});
    identity[0] = first;
    EXPECT_FALSE(find_by_identity(ring(), identity, now).key);
  }
}

TEST_F(SealedIdentity, IsOfAServerThatThereCanBe) {
  EXPECT_TRUE(names_a_server(own));
  EXPECT_TRUE(names_a_server(key::generate()));
  const server_public_key zeros{};
  EXPECT_FALSE(names_a_server(key::generate(zeros)));
}

TEST(HashedIdentity, DoesNotFindAKeyOfVersion2) {
  const auto server = make_identity();
  const key own = key::generate(server->public_key());
  key_ring keys = ring_of({own});
  keys.add(server);
  psk_identity forged(48);
  std::ranges::copy(hmac(own.identity_key(), std::span(forged).first(16)), forged.begin() + 16);
  EXPECT_FALSE(find_by_identity(keys, forged, today()).key);
}

}  // namespace
}  // namespace mtcp::testing
