// The options --direct, --block and --tunnel: which destinations go which way.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mtcp/proxy/route_table.hpp"
#include "program/options.hpp"

namespace mtcp::client {

struct rule_settings {
  std::shared_ptr<const proxy::route_table> table = std::make_shared<const proxy::route_table>();
  std::vector<std::string> files{};    ///< that hold rules
  bool defaults = true;                ///< what is near is direct, where no rule says otherwise
  std::vector<std::string> written{};  ///< each as it was given, for people: "direct 10.0.0.0/8"
};

/// Their rows in the table of options.
std::vector<program::option> rule_options();

/// Reads the files that they name. Throws program::settings_error, which names the file and the line.
rule_settings rules_of(const program::values& given);

}  // namespace mtcp::client
