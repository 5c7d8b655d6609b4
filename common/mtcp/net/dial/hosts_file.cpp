#include "mtcp/net/dial/hosts_file.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "mtcp/core/base/ascii.hpp"
#include "mtcp/net/platform/file_opening.hpp"

namespace mtcp::detail {
namespace {

constexpr std::size_t max_bytes = 64 << 20;
constexpr std::string_view spaces = " \t\r\f\v";

/// Cuts the first word off `text`; empty if there is none.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(spaces), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(spaces));
  text.remove_prefix(word.size());
  return word;
}

std::string_view without_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

}  // namespace

hosts_file::state hosts_file::state_of(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return {};
  return {about.st_dev, about.st_ino, static_cast<std::uint64_t>(about.st_size), about.st_mtim.tv_sec,
          about.st_mtim.tv_nsec};
}

void hosts_file::renew(clock::time_point now) {
  if (now < next_look_) return;
  next_look_ = now + interval;
  const state found = state_of(path_);
  if (found == state_) return;
  state_ = found;
  read();
}

void hosts_file::read() {
  ++times_read_;
  lines_.clear();
  text_ = platform::text_of_file(path_, max_bytes).value_or("");
  std::ranges::transform(text_, text_.begin(), [](char c) { return core::lower_case(c); });
  for (std::string_view rest = text_; !rest.empty();) {
    const std::string_view one = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    add(one.substr(0, one.find('#')));
  }
  std::ranges::stable_sort(lines_, {}, &line::first);
}

void hosts_file::add(std::string_view words) {
  const auto address = zoned_address::parse(take_word(words));
  if (!address) return;
  for (std::string_view name = take_word(words); !name.empty(); name = take_word(words))
    lines_.emplace_back(without_dot(name), *address);
}

std::vector<ip_address> hosts_file::find(std::string_view name, clock::time_point now) {
  renew(now);
  const std::string wanted = core::lower_case(without_dot(name));
  std::vector<ip_address> found;
  for (const auto& [known, address] : std::ranges::equal_range(lines_, std::string_view(wanted), {}, &line::first))
    if (const auto here = address.here(); here && std::ranges::find(found, *here) == found.end())
      found.push_back(*here);
  std::ranges::stable_partition(found, [](const ip_address& a) { return a.is_v6(); });
  return found;
}

}  // namespace mtcp::detail
