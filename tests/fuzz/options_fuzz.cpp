// The file of settings: JSON with comments, whose keys are options. What it is not is said with the exit code for it.
#include <sysexits.h>

#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "program/options_file.hpp"

namespace {

using mtcp::program::option;

const std::vector<option>& known() {
  using enum option::arity;
  static const std::vector<option> all{{"once", "TEXT", "", once},
                                       {"many", "TEXT", "", repeated},
                                       {"flag", "", "", flag},
                                       {"path", "PATH", "", repeated, true},
                                       {"tunnels", "JSON", "", repeated, false, true}};
  return all;
}

void check(const std::string& name, const std::vector<mtcp::program::given>& list) {
  using mtcp::fuzz::require;
  const auto is = std::ranges::find(known(), name, &option::name);
  require(is != known().end(), "only known options are taken");
  require(!list.empty(), "an option that was given has a value");
  require(list.size() == 1 || is->how == option::arity::repeated, "only what may be repeated is a list");
  for (const auto& one : list) {
    require(one.code == EX_CONFIG, "a value of the file is a matter of configuration");
    require(is->how != option::arity::flag || one.text == "true" || one.text == "false", "a flag is true or false");
    require(!is->object || one.text.starts_with('{'), "an object is one");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(mtcp::fuzz::text_of(mtcp::fuzz::bytes_of(data, size)));
  try {
    for (const auto& [name, list] : mtcp::program::parse_options_file(known(), "file", text)) check(name, list);
  } catch (const mtcp::program::settings_error& e) {
    mtcp::fuzz::require(e.code() == EX_CONFIG, "a bad file is a matter of configuration");
  }
  return 0;
}
