#include "mtcp/net/platform/watched_file.hpp"

#include <fstream>
#include <utility>

namespace mtcp::detail {
namespace {

constexpr std::size_t max_bytes = 64 * 1024;

std::optional<std::string> read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content(max_bytes, '\0');
  if (!file || (file.read(content.data(), max_bytes), file.bad())) return std::nullopt;
  content.resize(static_cast<std::size_t>(file.gcount()));
  return content;
}

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
