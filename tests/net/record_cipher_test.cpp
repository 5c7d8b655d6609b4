// Every implementation of the cipher against published results, against the others, and against forgers.
#include "mtcp/net/tls/record_cipher.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

#include "net/tls_fixture.hpp"

namespace mtcp::testing {
namespace {

using bytes = std::vector<std::byte>;
using suite = record_cipher::suite;
using use = record_cipher::use;

struct implementation {
  std::string name;
  suite which;
  std::unique_ptr<record_cipher> (*make)(use what, std::span<const std::byte> key);
};

template <suite which>
std::unique_ptr<record_cipher> make_openssl(use what, std::span<const std::byte> key) {
  return record_cipher::make_openssl(which, what, key);
}

const implementation openssl_aes{"openssl_aes", suite::aes_128_gcm, make_openssl<suite::aes_128_gcm>};
const implementation vector_aes{"vector_aes", suite::aes_128_gcm, record_cipher::make_vector};
const implementation openssl_chacha{"openssl_chacha", suite::chacha20_poly1305, make_openssl<suite::chacha20_poly1305>};

bytes unhex(std::string_view digits) {
  bytes out;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    out.push_back(static_cast<std::byte>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
  return out;
}

record_cipher::nonce nonce_of(std::string_view digits) {
  record_cipher::nonce out;
  std::ranges::copy(unhex(digits), out.begin());
  return out;
}

/// One record, and what became of it.
struct sealed {
  bytes content;
  record_cipher::tag tag;
};

class rng {
 public:
  explicit rng(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(engine_); }
  bytes some(std::size_t size) { return random_bytes(size, engine_()); }
  record_cipher::nonce nonce() {
    record_cipher::nonce out;
    std::ranges::copy(some(out.size()), out.begin());
    return out;
  }

 private:
  std::mt19937 engine_;
};

// In pieces of up to `most` bytes, some of them empty.
bytes transform(record_cipher& by, std::span<const std::byte> in, std::size_t most, rng& cuts) {
  bytes out(in.size());
  for (std::size_t at = 0; at < in.size();) {
    const std::size_t size = std::min(in.size() - at, cuts.below(most + 1));
    EXPECT_TRUE(by.update(in.subspan(at, size), out.data() + at));
    at += size;
  }
  return out;
}

sealed seal(record_cipher& by, const record_cipher::nonce& number, const bytes& additional, const bytes& plain,
            std::size_t most, rng& cuts) {
  EXPECT_TRUE(by.begin(number, additional));
  sealed made{transform(by, plain, most, cuts), {}};
  EXPECT_TRUE(by.finish(made.tag));
  return made;
}

class RecordCipherOf : public ::testing::TestWithParam<implementation> {
 protected:
  void SetUp() override {
    const bytes key(record_cipher::key_size(GetParam().which));
    if (GetParam().make(use::sealing, key) == nullptr) GTEST_SKIP() << "not on this machine";
  }
  std::unique_ptr<record_cipher> make(use what, const bytes& key) { return GetParam().make(what, key); }
};

struct published {
  bytes key;
  record_cipher::nonce number;
  bytes additional, plain, content, tag;
};

// McGrew and Viega, The Galois/Counter Mode of Operation, test case 4.
published published_aes() {
  return {unhex("feffe9928665731c6d6a8f9467308308"),
          nonce_of("cafebabefacedbaddecaf888"),
          unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
          unhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"),
          unhex("42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
                "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"),
          unhex("5bc94fbc3221a5db94fae95ae7121a47")};
}

// RFC 8439, section 2.8.2.
published published_chacha() {
  const std::string_view text =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be "
      "it.";
  const auto plain = std::as_bytes(std::span(text));
  return {unhex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"),
          nonce_of("070000004041424344454647"),
          unhex("50515253c0c1c2c3c4c5c6c7"),
          bytes(plain.begin(), plain.end()),
          unhex("d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
                "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
                "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
                "3ff4def08e4b7a9de576d26586cec64b6116"),
          unhex("1ae10b594f09e26a7e902ecbd0600691")};
}

TEST_P(RecordCipherOf, GivesThePublishedResults) {
  const published known = GetParam().which == suite::aes_128_gcm ? published_aes() : published_chacha();
  rng cuts(1);
  for (const std::size_t most : {1UL, 7UL, 16UL, 1000UL}) {
    const sealed made = seal(*make(use::sealing, known.key), known.number, known.additional, known.plain, most, cuts);
    EXPECT_EQ(made.content, known.content);
    EXPECT_TRUE(std::ranges::equal(made.tag, known.tag));
    const auto opening = make(use::opening, known.key);
    ASSERT_TRUE(opening->begin(known.number, known.additional));
    EXPECT_EQ(transform(*opening, known.content, most, cuts), known.plain);
    EXPECT_TRUE(opening->verify(std::span<const std::byte, 16>(known.tag)));
  }
}

// One cipher seals them one after the other, however they are cut.
TEST_P(RecordCipherOf, AgreesWithOpensslOnRecordsOfAnySize) {
  rng random(2);
  const bytes key = random.some(record_cipher::key_size(GetParam().which));
  const auto sealing = make(use::sealing, key);
  const auto opening = make(use::opening, key);
  const auto other = record_cipher::make_openssl(GetParam().which, use::sealing, key);
  for (int i = 0; i < 400; ++i) {
    const auto number = random.nonce();
    const bytes additional = random.some(random.below(40));
    const bytes plain = random.some(i < 300 ? static_cast<std::size_t>(i) : random.below(20'000));
    const sealed made = seal(*sealing, number, additional, plain, 1 + random.below(5000), random);
    const sealed expected = seal(*other, number, additional, plain, 1 << 20, random);
    ASSERT_EQ(made.content, expected.content) << plain.size();
    ASSERT_EQ(made.tag, expected.tag) << plain.size();
    ASSERT_TRUE(opening->begin(number, additional));
    ASSERT_EQ(transform(*opening, made.content, 1 + random.below(5000), random), plain);
    ASSERT_TRUE(opening->verify(made.tag)) << plain.size();
  }
}

TEST_P(RecordCipherOf, RefusesWhatWasChanged) {
  rng random(3);
  const bytes key = random.some(record_cipher::key_size(GetParam().which));
  const auto number = random.nonce();
  const bytes additional = random.some(5), plain = random.some(100);
  const sealed made = seal(*make(use::sealing, key), number, additional, plain, 100, random);
  const auto opening = make(use::opening, key);
  const auto genuine = [&](const record_cipher::nonce& n, const bytes& a, const bytes& content,
                           const record_cipher::tag& tag) {
    EXPECT_TRUE(opening->begin(n, a));
    transform(*opening, content, 100, random);
    return opening->verify(tag);
  };
  const auto flip = [](auto changed, std::size_t bit) {
    changed[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    return changed;
  };
  EXPECT_TRUE(genuine(number, additional, made.content, made.tag));
  for (std::size_t bit = 0; bit < 12 * 8; ++bit)
    EXPECT_FALSE(genuine(flip(number, bit), additional, made.content, made.tag));
  for (std::size_t bit = 0; bit < 5 * 8; ++bit)
    EXPECT_FALSE(genuine(number, flip(additional, bit), made.content, made.tag));
  for (std::size_t bit = 0; bit < 100 * 8; ++bit)
    EXPECT_FALSE(genuine(number, additional, flip(made.content, bit), made.tag));
  for (std::size_t bit = 0; bit < 16 * 8; ++bit)
    EXPECT_FALSE(genuine(number, additional, made.content, flip(made.tag, bit)));
  EXPECT_FALSE(genuine(number, additional, bytes(made.content.begin(), made.content.end() - 1), made.tag));
  EXPECT_TRUE(genuine(number, additional, made.content, made.tag));
}

INSTANTIATE_TEST_SUITE_P(Every, RecordCipherOf, ::testing::Values(openssl_aes, vector_aes, openssl_chacha),
                         [](const auto& param) { return param.param.name; });

TEST(RecordCipher, PrefersTheQuickest) {
  const bytes key(16);
  const auto chosen = record_cipher::make(suite::aes_128_gcm, use::sealing, key);
  const auto quick = record_cipher::make_vector(use::sealing, key);
  const auto usual = record_cipher::make_openssl(suite::aes_128_gcm, use::sealing, key);
  ASSERT_NE(chosen, nullptr);
  const record_cipher& expected = quick ? *quick : *usual;
  EXPECT_EQ(typeid(*chosen), typeid(expected));
}

}  // namespace
}  // namespace mtcp::testing
