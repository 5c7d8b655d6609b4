// Bytes that everybody can make again: what the origin serves and what tests compare with. No block repeats another,
// so that a lost, doubled or misplaced segment changes the hash.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

struct evp_md_ctx_st;

namespace mtcp::lab {

/// Fills `out` with the content's bytes from `offset` (a multiple of 8).
void fill_content(std::span<std::byte> out, std::uint64_t offset);

/// SHA-256 as it is fed.
class sha256 {
 public:
  sha256();
  ~sha256();
  sha256(sha256&&) noexcept;
  sha256& operator=(sha256&&) noexcept;

  void update(std::span<const std::byte> bytes);
  /// Lower-case hexadecimal. Ends the computation.
  std::string hex();

 private:
  struct free_context {
    void operator()(evp_md_ctx_st* c) const;
  };
  std::unique_ptr<evp_md_ctx_st, free_context> context_;
};

/// SHA-256 of the first `size` bytes of the content.
std::string content_sha256(std::uint64_t size);
/// SHA-256 of a file. Throws std::runtime_error when it cannot be read.
std::string file_sha256(const std::filesystem::path& file);
/// Writes the first `size` bytes of the content to `file`. Throws std::runtime_error.
void write_content(const std::filesystem::path& file, std::uint64_t size);

}  // namespace mtcp::lab
