// Options of a program in four layers: flag, then environment (MTCP_*), then JSON file, then default. The first layer
// that has an option decides it as a whole; lists are not merged.
//
// `--key-file FILE` is MTCP_KEY_FILE in the environment and "key-file" in the file. A repeated option is a list: in the
// environment its values are separated by spaces.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace mtcp::program {

/// What the user has to correct. what() names the option as it was given; code() is the exit code (sysexits.h).
class settings_error : public std::runtime_error {
 public:
  settings_error(int code, const std::string& what) : std::runtime_error(what), code_(code) {}
  int code() const noexcept { return code_; }

 private:
  int code_;
};

/// Text that was asked for instead of a run: --help and --version. To print on standard output, with success.
struct information {
  std::string text;
};

struct option {
  enum class arity { flag, once, repeated };
  std::string name;   ///< without dashes
  std::string value;  ///< what the value is, for the help text; empty for a flag
  std::string help;
  arity how = arity::once;
  bool pairs = false;   ///< the value is "key=value,...", in the file also an object
  bool object = false;  ///< the value is an object of options, as JSON; see read_object()
};

struct command {
  std::string name;
  std::string help;
  std::vector<option> options{};    ///< of this command only; not in the file
  std::vector<std::string> uses{};  ///< options of the program that matter to it, for its help text
};

/// `one` with `names` among the options that its help text tells of.
command using_options(command one, std::vector<std::string> names);

/// What a program can be told. --config, --log-level, --version and --help are added to every program's options.
struct synopsis {
  std::string program;
  std::string description;
  std::string examples;  ///< printed below the options, but not of a command
  std::vector<option> options;
  std::vector<command> commands;
};

enum class layer { flag, environment, file };

/// A value as it was written, and where.
struct given {
  std::string text;
  std::string origin;  ///< "--bridges", "MTCP_BRIDGES" or "client.json: bridges"
  int code = 0;        ///< exit code if it is wrong
  layer from = layer::flag;
};

/// The values of the decisive layer of each option.
class values {
 public:
  std::string command;  ///< empty if there was none

  bool has(const std::string& name) const { return given_.contains(name); }
  /// Where `name` was given, for messages.
  const std::string& origin(const std::string& name) const { return given_.at(name).front().origin; }
  /// Which layer decided `name`; the first one is less than the others.
  layer from(const std::string& name) const { return given_.at(name).front().from; }
  bool flag(const std::string& name) const { return has(name) && given_.at(name).front().text == "true"; }

  /// `parse` takes the text and throws std::invalid_argument, saying what it expected; that becomes a settings_error.
  template <class Parse>
  auto one(const std::string& name, Parse parse) const -> std::optional<decltype(parse(std::string()))> {
    if (!has(name)) return std::nullopt;
    return parsed(given_.at(name).front(), parse);
  }
  /// As it was given; empty if it was not.
  std::string text(const std::string& name) const { return has(name) ? given_.at(name).front().text : std::string(); }
  template <class Parse>
  auto each(const std::string& name, Parse parse) const {
    std::vector<decltype(parse(std::string()))> out;
    if (has(name))
      for (const given& g : given_.at(name)) out.push_back(parsed(g, parse));
    return out;
  }
  void set(const std::string& name, std::vector<given> list) { given_.emplace(name, std::move(list)); }
  /// As if it had not been given.
  void drop(const std::string& name) { given_.erase(name); }

 private:
  template <class Parse>
  static auto parsed(const given& g, Parse parse) {
    try {
      return parse(g.text);
    } catch (const std::invalid_argument& e) {
      throw settings_error(g.code, g.origin + ": '" + g.text + "': " + e.what());
    }
  }

  std::map<std::string, std::vector<given>> given_;
};

/// Looks a variable up; empty if it is not set. std::getenv in the programs, a table in tests.
using environment = std::function<std::optional<std::string>(const std::string&)>;
std::optional<std::string> process_environment(const std::string& name);

/// The options that `text`, an object as JSON, has of `known`. `origin` is where it stands, for messages. Throws
/// settings_error, also for values that are keys.
values read_object(const std::vector<option>& known, const std::string& origin, const std::string& text);

/// Reads all layers. `arguments` are those behind the program's name. Throws settings_error and information; a value
/// that is a key is refused, whatever it was meant for, and not quoted.
values read_options(const synopsis& known, std::vector<std::string> arguments, const environment& variables);

}  // namespace mtcp::program
