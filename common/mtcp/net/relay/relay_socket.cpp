#include "mtcp/net/relay/relay_socket.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace mtcp::detail {
namespace {

constexpr std::size_t max_chunks = relay_batch / core::chunk_capacity;
constexpr std::size_t max_buffers = 64;  // of one writev; Asio passes no more

using read_buffers = std::span<asio::mutable_buffer>;
using write_buffers = std::span<asio::const_buffer>;

/// The first `size` bytes of a chunk. A mostly empty chunk is not worth keeping alive until it is acknowledged.
core::slice filled(core::chunk_ref chunk, std::size_t size) {
  if (size >= core::chunk_capacity / 2) return core::slice(std::move(chunk), 0, size);
  return core::slice::copy_of({chunk.data(), size});
}

/// Drops the first `size` bytes.
void consume(std::vector<core::slice>& slices, std::size_t size) {
  auto at = slices.begin();
  for (; at != slices.end() && at->size() <= size; ++at) size -= at->size();
  if (size != 0) at->remove_prefix(size);
  slices.erase(slices.begin(), at);
}

}  // namespace

error_code slice_reader::read(std::vector<core::slice>& out) {
  std::array<core::chunk_ref, max_chunks> chunks;
  std::array<asio::mutable_buffer, max_chunks> buffers;
  for (std::size_t i = 0; i < chunks_; ++i) {
    chunks[i] = core::chunk_ref::make();
    buffers[i] = {chunks[i].data(), core::chunk_capacity};
  }
  error_code error;
  std::size_t left = from_.read_some(read_buffers(buffers).first(chunks_), error);
  const std::size_t room = chunks_ * core::chunk_capacity;
  full_ = left == room;
  if (full_) chunks_ = std::min(chunks_ * 2, max_chunks);
  if (left < room / 4) chunks_ = std::max<std::size_t>(chunks_ / 2, 1);
  for (std::size_t i = 0; left != 0; ++i) {
    const std::size_t size = std::min(left, core::chunk_capacity);
    out.push_back(filled(std::move(chunks[i]), size));
    left -= size;
  }
  return error;
}

error_code write_slices(tcp::socket& to, std::vector<core::slice>& from) {
  std::array<asio::const_buffer, max_buffers> buffers;
  error_code error;
  while (!from.empty() && !error) {
    const std::size_t count = std::min(from.size(), max_buffers);
    for (std::size_t i = 0; i < count; ++i) buffers[i] = {from[i].data(), from[i].size()};
    consume(from, to.write_some(write_buffers(buffers).first(count), error));
  }
  return error;
}

}  // namespace mtcp::detail
