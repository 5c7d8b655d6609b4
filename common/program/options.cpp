#include "program/options.hpp"

#include <sysexits.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <sstream>

#include "mtcp/key.hpp"
#include "mtcp/net/platform/private_file.hpp"
#include "mtcp/net/tls/aes.hpp"
#include "program/message.hpp"
#include "program/options_file.hpp"
#include "program/version.hpp"

namespace mtcp::program {
namespace {

const option config_option{"config", "FILE", "read options that are not given otherwise from this JSON file"};
const option log_level_option{"log-level", "LEVEL", "error, warn, info or debug (info); debug names destinations"};

constexpr const char* itself_a_key = ": this is a key (or URL) itself; put it into a file";

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
    const std::string name = known.program + " " + version;
    app_.set_version_flag("--version", [name] { return name + "\nAES-128-GCM: " + aes_in_use(); });
    app_.get_formatter()->column_width(34);
    app_.require_subcommand(0, 1);
    app_.fallthrough();  // the program's own options may stand behind a command, too
    for (const option& o : options) add(app_, o);
    for (const program::command& c : known.commands) add(known, c, options);
    app_.footer(known.examples);  // at last, since commands inherit it
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
      const std::string what = e.what();
      throw settings_error(EX_USAGE, what + (holds_key(what) ? itself_a_key : " (see --help)"));
    }
  }

  std::string command() const {
    const auto chosen = app_.get_subcommands();
    return chosen.empty() ? std::string() : chosen.front()->get_name();
  }

  std::vector<given> values_of(const option& o) const {
    const std::string name = "--" + o.name;
    std::vector<given> out;
    // One that a command uses may stand before it, too.
    std::vector<const CLI::App*> places{&app_};
    for (const CLI::App* command : app_.get_subcommands()) places.push_back(command);
    for (const CLI::App* place : places)
      if (const CLI::Option* found = place->get_option_no_throw(name))
        for (const std::string& text : found->results()) out.push_back({text, name, EX_USAGE, layer::flag});
    if (o.how == option::arity::flag && !out.empty()) return {checked_flag(out.back())};
    if (o.how == option::arity::once && out.size() > 1) throw settings_error(EX_USAGE, name + ": given twice");
    return out;
  }

 private:
  void add(const synopsis& known, const program::command& c, const std::vector<option>& options) {
    CLI::App& command = *app_.add_subcommand(c.name, c.help);
    for (const option& o : c.options) add(command, o);
    for (const option& o : options)
      if (std::ranges::find(c.uses, o.name) != c.uses.end()) add(command, o);
    command.footer("All options of " + known.program + " may stand here: see " + known.program + " --help");
  }

  static void add(CLI::App& to, const option& o) {
    const std::string name = "--" + o.name;
    if (o.how == option::arity::flag) {
      to.add_flag(name, o.help);
      return;
    }
    const bool repeated = o.how == option::arity::repeated;
    CLI::Option* added = to.add_option(name, o.help)->type_name(repeated ? o.value + " ..." : o.value);
    added->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);  // values_of() looks for too many
  }

  CLI::App app_;
};

std::vector<given> from_environment(const option& o, const environment& variables) {
  const std::string name = variable_of(o.name);
  const auto text = variables(name);
  if (!text || text->empty()) return {};
  if (o.how == option::arity::flag) return {checked_flag({*text, name, EX_USAGE, layer::environment})};
  if (o.how == option::arity::once) return {{*text, name, EX_USAGE, layer::environment}};
  std::vector<given> out;
  for (const std::string& word : words_of(*text)) out.push_back({word, name, EX_USAGE, layer::environment});
  return out;
}

void refuse_keys(const std::vector<given>& list) {
  for (const given& g : list)
    if (holds_key(g.text)) throw settings_error(g.code, g.origin + itself_a_key);
}

std::string read_file(const std::string& name) try {
  return std::string(private_text(name, private_text::readers::anybody).view());
} catch (const key_error& e) {
  throw settings_error(EX_CONFIG, e.what());
}

}  // namespace

// What the command of --on-event is told of a path is no option, should it call one of the programs.
std::optional<std::string> process_environment(const std::string& name) {
  if (name == "MTCP_PATH" && std::getenv("MTCP_EVENT") != nullptr) return std::nullopt;
  const char* text = std::getenv(name.c_str());
  return text != nullptr ? std::optional<std::string>(text) : std::nullopt;
}

command using_options(command one, std::vector<std::string> names) {
  one.uses = std::move(names);
  return one;
}

values read_object(const std::vector<option>& known, const std::string& origin, const std::string& text) {
  values out;
  for (auto& [name, list] : parse_options_file(known, origin, text)) {
    refuse_keys(list);
    out.set(name, std::move(list));
  }
  return out;
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
    refuse_keys(list);
    if (!list.empty()) out.set(o.name, std::move(list));
  }
  const auto file = out.one("config", [](const std::string& name) { return name; });
  if (!file) return out;
  for (auto& [name, list] : parse_options_file(in_file, *file, read_file(*file))) {
    refuse_keys(list);
    if (!out.has(name)) out.set(name, std::move(list));
  }
  return out;
}

}  // namespace mtcp::program
