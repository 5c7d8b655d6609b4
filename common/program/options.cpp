#include "program/options.hpp"

#include <sysexits.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "program/options_file.hpp"
#include "program/version.hpp"

namespace mtcp::program {
namespace {

const option config_option{"config", "FILE", "read options that are not given otherwise from this JSON file"};
const option log_level_option{"log-level", "LEVEL", "error, warn, info or debug (info); debug names destinations"};

std::string variable_of(const std::string& option_name) {
  std::string out = "MTCP_";
  for (const char c : option_name) out += c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return out;
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

given checked_flag(given flag) {
  if (flag.text != "true" && flag.text != "false")
    throw settings_error(EX_USAGE, flag.origin + ": expected true or false");
  return flag;
}

/// The flags of one command line, which CLI11 finds, checks and explains.
class flags {
 public:
  flags(const synopsis& known, const std::vector<option>& options) : app_(known.description, known.program) {
    app_.set_version_flag("--version", known.program + " " + version);
    app_.get_formatter()->column_width(34);
    app_.footer(known.examples);
    app_.require_subcommand(0, 1);
    app_.fallthrough();  // the program's own options may stand behind a command, too
    for (const option& o : options) add(app_, o);
    for (const program::command& c : known.commands) {
      CLI::App& command = *app_.add_subcommand(c.name, c.help);
      for (const option& o : c.options) add(command, o);
    }
  }

  void parse(std::vector<std::string> arguments) {
    std::ranges::reverse(arguments);  // as CLI11 wants them
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
      throw information{app_.help()};
    } catch (const CLI::CallForVersion& e) {
      throw information{std::string(e.what()) + "\n"};
    } catch (const CLI::ParseError& e) {
      throw settings_error(EX_USAGE, std::string(e.what()) + " (see --help)");
    }
  }

  std::string command() const {
    const auto chosen = app_.get_subcommands();
    return chosen.empty() ? std::string() : chosen.front()->get_name();
  }

  std::vector<given> values_of(const option& o) const {
    const CLI::Option& found = find("--" + o.name);
    std::vector<given> out;
    for (const std::string& text : found.results()) out.push_back({text, "--" + o.name, EX_USAGE});
    if (o.how == option::arity::flag && !out.empty()) return {checked_flag(out.back())};
    return out;
  }

 private:
  const CLI::Option& find(const std::string& name) const {
    for (const CLI::App* command : app_.get_subcommands())
      if (const CLI::Option* found = command->get_option_no_throw(name)) return *found;
    return *app_.get_option(name);
  }

  static void add(CLI::App& to, const option& o) {
    const std::string name = "--" + o.name;
    if (o.how == option::arity::flag) {
      to.add_flag(name, o.help);
      return;
    }
    const bool repeated = o.how == option::arity::repeated;
    CLI::Option* added = to.add_option(name, o.help)->type_name(repeated ? o.value + " ..." : o.value);
    added->expected(1)->multi_option_policy(repeated ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::Throw);
  }

  CLI::App app_;
};

std::vector<given> from_environment(const option& o, const environment& variables) {
  const std::string name = variable_of(o.name);
  const auto text = variables(name);
  if (!text || text->empty()) return {};
  if (o.how == option::arity::flag) return {checked_flag({*text, name, EX_USAGE})};
  if (o.how == option::arity::once) return {{*text, name, EX_USAGE}};
  std::vector<given> out;
  for (const std::string& word : words_of(*text)) out.push_back({word, name, EX_USAGE});
  return out;
}

std::string read_file(const std::string& name) {
  std::ifstream in(name, std::ios::binary);
  std::string text;
  for (char part[4096]; in.read(part, sizeof part), in.gcount() > 0;)
    text.append(part, static_cast<std::size_t>(in.gcount()));
  if (!in.eof() || in.bad()) throw settings_error(EX_CONFIG, name + ": cannot be read");
  return text;
}

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
  const char* text = std::getenv(name.c_str());
  return text != nullptr ? std::optional<std::string>(text) : std::nullopt;
}

values read_options(const synopsis& known, std::vector<std::string> arguments, const environment& variables) {
  std::vector<option> in_file = known.options;
  in_file.push_back(log_level_option);
  std::vector<option> all = in_file;
  all.push_back(config_option);

  flags line(known, all);
  line.parse(std::move(arguments));
  values out;
  out.command = line.command();
  for (const command& c : known.commands)
    if (c.name == out.command) all.insert(all.end(), c.options.begin(), c.options.end());
  for (const option& o : all) {
    auto list = line.values_of(o);
    if (list.empty()) list = from_environment(o, variables);
    if (!list.empty()) out.set(o.name, std::move(list));
  }
  const auto file = out.one("config", [](const std::string& name) { return name; });
  if (!file) return out;
  for (auto& [name, list] : parse_options_file(in_file, *file, read_file(*file)))
    if (!out.has(name)) out.set(name, std::move(list));
  return out;
}

}  // namespace mtcp::program
