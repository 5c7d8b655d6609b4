// The paths that a tunnel is given: what they are called, and those among them that are patterns of interfaces, for
// which other paths come and go.
#pragma once

#include <string>
#include <vector>

#include "mtcp/options.hpp"
#include "mtcp/session/path.hpp"
#include "mtcp/session/uplinks.hpp"

namespace mtcp {

struct path_list {
  explicit path_list(const std::vector<path_options>& given);

  std::vector<path_options> named;     ///< those that are no patterns
  std::vector<std::string> names;      ///< of these; each has another one
  std::vector<path_options> patterns;  ///< by their number in uplinks::change

  /// Says for which interfaces there are to be paths.
  uplinks make_uplinks() const;
  /// The path of that pattern through that interface, after which it is called.
  path_options path_for(const uplinks::change& what) const;
  /// Its name in the tunnel, which nobody else has: the same whenever it comes.
  std::string name_for(const uplinks::change& what) const;
};

/// The paths that these are, if the interfaces are those: each pattern is replaced by what it stands for.
std::vector<path_options> present_paths(const std::vector<path_options>& given,
                                        std::vector<interface_state> interfaces);

/// The names of these, in statistics and reports; each has another one.
std::vector<std::string> names_of(const std::vector<path_options>& paths);

/// What the policy of a tunnel has to know of a path.
path_settings path_settings_of(const path_options& path, const std::string& name);

}  // namespace mtcp
