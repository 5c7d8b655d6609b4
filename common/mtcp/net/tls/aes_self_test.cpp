// AES-128-GCM on known answers, by the same calls that records use.
#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "mtcp/net/tls/aes_choice.hpp"

namespace mtcp {
namespace {

using bytes = std::vector<std::byte>;
using use = record_cipher::use;
using sizes = std::span<const std::size_t>;

struct known_record {
  record_cipher::nonce number{};
  bytes additional, plain, content;
  record_cipher::tag tag{};
};

// Of content: around the blocks of 16 bytes, and the groups of up to 48 of them that vector code does at once.
constexpr std::size_t record_sizes[] = {0, 1, 15, 16, 17, 127, 255, 256, 257, 511, 767, 768, 769, 1535, 4099, 16'385};
// The sizes of pieces, again and again.
constexpr std::size_t whole[] = {16'385};
constexpr std::size_t odd[] = {1, 16, 7, 769, 15, 33, 256, 1000, 17};

bytes unhex(std::string_view digits) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  bytes out;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    out.push_back(static_cast<std::byte>(value(digits[i]) << 4 | value(digits[i + 1])));
  return out;
}

/// Bytes without a period of the block size.
bytes pattern(std::size_t size, unsigned seed) {
  bytes out(size);
  for (std::byte& b : out) {
    seed = seed * 1'664'525U + 1'013'904'223U;
    b = static_cast<std::byte>(seed >> 24);
  }
  return out;
}

bytes transformed(record_cipher& by, std::span<const std::byte> in, sizes pieces) {
  bytes out(in.size());
  std::size_t done = 0;
  for (std::size_t i = 0; done < in.size(); ++i) {
    const std::size_t size = std::min(pieces[i % pieces.size()], in.size() - done);
    if (!by.update(in.subspan(done, size), out.data() + done)) return {};
    done += size;
  }
  return out;
}

bool seals(record_cipher& sealing, const known_record& known, sizes pieces) {
  record_cipher::tag made{};
  return sealing.begin(known.number, known.additional) && transformed(sealing, known.plain, pieces) == known.content &&
         sealing.finish(made) && made == known.tag;
}

bool opens(record_cipher& opening, const known_record& known, sizes pieces) {
  return opening.begin(known.number, known.additional) && transformed(opening, known.content, pieces) == known.plain &&
         opening.verify(known.tag);
}

bool refuses_forged(record_cipher& opening, known_record known, sizes pieces) {
  known.tag.back() ^= std::byte{1};
  return !opens(opening, known, pieces);
}

bool passes(const aes_maker& make, const bytes& key, std::span<const known_record> records) {
  const auto sealing = make(use::sealing, key);
  const auto opening = make(use::opening, key);
  if (sealing == nullptr || opening == nullptr) return false;
  const auto right = [&](const known_record& known, sizes pieces) {
    return seals(*sealing, known, pieces) && opens(*opening, known, pieces) && refuses_forged(*opening, known, pieces);
  };
  return std::ranges::all_of(records,
                             [&](const known_record& known) { return right(known, whole) && right(known, odd); });
}

// McGrew and Viega, The Galois/Counter Mode of Operation, test case 4.
known_record published() {
  known_record known;
  std::ranges::copy(unhex("cafebabefacedbaddecaf888"), known.number.begin());
  known.additional = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  known.plain = unhex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  known.content = unhex(
      "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
      "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091");
  std::ranges::copy(unhex("5bc94fbc3221a5db94fae95ae7121a47"), known.tag.begin());
  return known;
}
bytes published_key() { return unhex("feffe9928665731c6d6a8f9467308308"); }

/// Empty if OpenSSL fails.
std::vector<known_record> sealed_by_openssl(const bytes& key) {
  const auto openssl = record_cipher::make_openssl(record_cipher::suite::aes_128_gcm, use::sealing, key);
  std::vector<known_record> out;
  for (const std::size_t size : record_sizes) {
    known_record known;
    std::ranges::copy(pattern(known.number.size(), static_cast<unsigned>(size)), known.number.begin());
    known.additional = pattern(5, 1);  // as of a record's header
    known.plain = pattern(size, 2);
    if (openssl == nullptr || !openssl->begin(known.number, known.additional)) return {};
    known.content = transformed(*openssl, known.plain, whole);
    if (!openssl->finish(known.tag)) return {};
    out.push_back(std::move(known));
  }
  return out;
}

}  // namespace

bool passes_self_test(const aes_maker& make) {
  const known_record one = published();
  if (!passes(make, published_key(), {&one, 1})) return false;
  const bytes key = pattern(record_cipher::key_size(record_cipher::suite::aes_128_gcm), 3);
  const std::vector<known_record> others = sealed_by_openssl(key);
  return !others.empty() && passes(make, key, others);
}

}  // namespace mtcp
