#include "mtcp/net/path_list.hpp"

#include <algorithm>
#include <utility>

#include "mtcp/address.hpp"

namespace mtcp {
namespace {

/// The name that the user has given, or where it leads and from where.
std::string plain_name(const path_options& path) {
  if (!path.name.empty()) return path.name;
  std::string text = to_string(core::target{path.host, path.port});
  if (path.last_port > path.port) text += '-' + std::to_string(path.last_port);
  if (!path.bind.empty()) text += " from " + path.bind;
  if (!path.interface.empty()) text += " through " + path.interface;
  if (path.proxy) text += " by way of " + to_string(*path.proxy);
  return text;
}

/// `plain`, with a number behind it if one of `others` has that name.
std::string distinct(const std::string& plain, const std::vector<std::string>& others) {
  std::string name = plain;
  for (int number = 2; std::ranges::find(others, name) != others.end(); ++number)
    name = plain + " (" + std::to_string(number) + ')';
  return name;
}

uplinks::wish wish_of(const path_options& path) {
  return {path.interface, to_string(core::target{path.host, path.port}) + '-' + std::to_string(path.last_port)};
}

std::vector<uplinks::wish> wishes_of(const std::vector<path_options>& paths) {
  std::vector<uplinks::wish> out;
  std::ranges::transform(paths, std::back_inserter(out), wish_of);
  return out;
}

}  // namespace

path_list::path_list(const std::vector<path_options>& given) {
  for (const path_options& one : given) (is_interface_pattern(one.interface) ? patterns : named).push_back(one);
  names = names_of(named);
}

uplinks path_list::make_uplinks() const { return {wishes_of(patterns), wishes_of(named)}; }

path_options path_list::path_for(const uplinks::change& what) const {
  path_options path = patterns[what.pattern];
  path.interface = what.interface;
  path.name = path.name.empty() ? what.interface : path.name + ' ' + what.interface;
  return path;
}

// Numbered behind those that are called so whether or not they are there now.
std::string path_list::name_for(const uplinks::change& what) const {
  std::vector<std::string> taken = names;
  for (uplinks::change earlier{.pattern = 0, .interface = what.interface}; earlier.pattern < what.pattern;
       ++earlier.pattern)
    if (fits_pattern(patterns[earlier.pattern].interface, what.interface))
      taken.push_back(distinct(path_for(earlier).name, taken));
  return distinct(path_for(what).name, taken);
}

std::vector<path_options> present_paths(const std::vector<path_options>& given,
                                        std::vector<interface_state> interfaces) {
  const path_list all(given);
  uplinks machine = all.make_uplinks();
  machine.see(std::move(interfaces), core::timestamp{0});
  std::vector<path_options> out = all.named;
  while (const auto next = machine.next_change(core::timestamp{0})) {
    out.push_back(all.path_for(*next));
    out.back().name = all.name_for(*next);
  }
  return out;
}

std::vector<std::string> names_of(const std::vector<path_options>& paths) {
  std::vector<std::string> names;
  for (const path_options& path : paths) names.push_back(distinct(plain_name(path), names));
  return names;
}

path_settings path_settings_of(const path_options& path, const std::string& name) {
  path_settings settings{name, path.bridges, path.tune_bridges && !path.metered, path.use, path.rotate, path.pace};
  settings.use.metered = path.metered;
  return settings;
}

}  // namespace mtcp
