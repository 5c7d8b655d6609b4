// The JSON layer of options: an object whose keys are option names. Comments are allowed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "program/options.hpp"

namespace mtcp::program {

/// Values are strings, numbers, and for flags true or false; a repeated option may be a list. For an option of
/// pairs an object stands for "key=value,..." ({"server": "a:1"} is "server=a:1"). Throws settings_error, which names
/// the key.
std::map<std::string, std::vector<given>> parse_options_file(const std::vector<option>& known, const std::string& name,
                                                             const std::string& text);

}  // namespace mtcp::program
