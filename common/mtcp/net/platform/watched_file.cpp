#include "mtcp/net/platform/watched_file.hpp"

#include <utility>

#include "mtcp/net/platform/file_opening.hpp"

namespace mtcp::detail {
namespace {

constexpr std::size_t max_bytes = 64 * 1024;

std::optional<std::string> read(const std::string& path) { return platform::text_of_file(path, max_bytes); }

}  // namespace

watched_file::watched_file(std::string path, clock::time_point now)
    : path_(std::move(path)), content_(read(path_)), next_look_(now + interval) {}

bool watched_file::changed(clock::time_point now) {
  if (now < next_look_) return false;
  next_look_ = now + interval;
  std::optional<std::string> content = read(path_);
  if (!content || content == content_) return false;
  content_ = std::move(content);
  return true;
}

}  // namespace mtcp::detail
