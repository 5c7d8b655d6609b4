#include "support/content.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace mtcp::lab {
namespace {

constexpr std::size_t block_size = 256 * 1024;

// The finaliser of MurmurHash3 (Appleby, public domain): a bijection, so no two words of the content are equal.
std::uint64_t word_at(std::uint64_t i) {
  i = (i + 1) * 0xff51afd7ed558ccdULL;
  i ^= i >> 33;
  i *= 0xc4ceb9fe1a85ec53ULL;
  return i ^ i >> 33;
}

}  // namespace

void fill_content(std::span<std::byte> out, std::uint64_t offset) {
  std::uint64_t word = offset / 8;
  for (; out.size() >= 8; out = out.subspan(8)) {
    const std::uint64_t value = word_at(word++);
    std::memcpy(out.data(), &value, 8);
  }
  const std::uint64_t last = word_at(word);
  if (!out.empty()) std::memcpy(out.data(), &last, out.size());
}

void sha256::free_context::operator()(evp_md_ctx_st* c) const { EVP_MD_CTX_free(c); }

sha256::sha256() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
sha256::~sha256() = default;
sha256::sha256(sha256&&) noexcept = default;
sha256& sha256::operator=(sha256&&) noexcept = default;

void sha256::update(std::span<const std::byte> bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }

std::string sha256::hex() {
  std::array<unsigned char, 32> digest{};
  EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char c : digest) {
    text += digits[c >> 4];
    text += digits[c & 15];
  }
  return text;
}

std::string content_sha256(std::uint64_t size) {
  sha256 hash;
  std::vector<std::byte> block(block_size);
  for (std::uint64_t offset = 0; offset < size; offset += block.size()) {
    const auto part = std::span(block).first(std::min<std::uint64_t>(block.size(), size - offset));
    fill_content(part, offset);
    hash.update(part);
  }
  return hash.hex();
}

std::string file_sha256(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  sha256 hash;
  std::vector<std::byte> block(block_size);
  while (in) {
    in.read(reinterpret_cast<char*>(block.data()), static_cast<std::streamsize>(block.size()));
    hash.update(std::span(block).first(static_cast<std::size_t>(in.gcount())));
  }
  return hash.hex();
}

void write_content(const std::filesystem::path& file, std::uint64_t size) {
  std::ofstream out(file, std::ios::binary);
  std::vector<std::byte> block(block_size);
  for (std::uint64_t offset = 0; offset < size; offset += block.size()) {
    const auto part = std::span(block).first(std::min<std::uint64_t>(block.size(), size - offset));
    fill_content(part, offset);
    out.write(reinterpret_cast<const char*>(part.data()), static_cast<std::streamsize>(part.size()));
  }
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

}  // namespace mtcp::lab
