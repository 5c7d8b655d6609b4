#include "program/options.hpp"

#include <gtest/gtest.h>

#include <boost/system/system_error.hpp>

#include "mtcp/async.hpp"
#include "mtcp/net/tls/aes.hpp"
#include "program/message.hpp"
#include "program/parse.hpp"
#include "programs/given.hpp"

namespace mtcp::program {
namespace {

using test::config_file;
using test::expect_error;
using test::variables;

const synopsis known{"tool",
                     "Does things.",
                     "Example: tool --size 3",
                     {
                         {"size", "N", "how large"},
                         {"key-file", "FILE", "where"},
                         {"item", "X", "what", option::arity::repeated, true},
                         {"loud", "", "or not", option::arity::flag},
                     },
                     {{"show", "print", {{"colour", "C", "which"}, {"all", "", "more", option::arity::flag}}, {"size"}},
                      {"forget", "nothing"}}};

std::string text(const std::string& s) { return s; }
std::string size_of(const values& v) { return v.one("size", text).value_or("default"); }
std::vector<std::string> items_of(const values& v) { return v.each("item", text); }
using list = std::vector<std::string>;

TEST(Options, ComeFromFlags) {
  const values v = read_options(known, {"--size", "3", "--item", "a", "--item=b", "--loud"}, variables());
  EXPECT_EQ(size_of(v), "3");
  EXPECT_EQ(items_of(v), (list{"a", "b"}));
  EXPECT_TRUE(v.flag("loud"));
  EXPECT_FALSE(v.has("key-file"));
  EXPECT_EQ(v.command, "");
}

TEST(Options, ComeFromTheEnvironment) {
  const auto given =
      variables({{"MTCP_KEY_FILE", "k"}, {"MTCP_ITEM", " a  b "}, {"MTCP_LOUD", "true"}, {"MTCP_SIZE", ""}});
  const values v = read_options(known, {}, given);
  EXPECT_EQ(v.one("key-file", text), "k");
  EXPECT_EQ(items_of(v), (list{"a", "b"}));
  EXPECT_TRUE(v.flag("loud"));
  EXPECT_FALSE(v.has("size"));
}

TEST(Options, AFlagMaySayFalse) {
  EXPECT_FALSE(read_options(known, {"--loud=false"}, variables({{"MTCP_LOUD", "true"}})).flag("loud"));
  EXPECT_TRUE(read_options(known, {"--loud=true"}, variables()).flag("loud"));
  expect_error(64, "--loud: expected true or false", [] { read_options(known, {"--loud=banana"}, variables()); });
}

TEST(Options, ComeFromAFile) {
  const config_file file(R"({"size": 3, "item": ["a", {"x": "y", "n": 4}], "loud": false, /* why */ "key-file": "k"})");
  const values v = read_options(known, {"--config", file.name()}, variables());
  EXPECT_EQ(size_of(v), "3");
  EXPECT_EQ(items_of(v), (list{"a", "n=4,x=y"}));
  EXPECT_FALSE(v.flag("loud"));
}

TEST(Options, TakeTheFirstLayerThatHasThem) {
  const config_file file(R"({"size": "file", "item": ["file"], "key-file": "file"})");
  const auto given = variables({{"MTCP_SIZE", "variable"}, {"MTCP_ITEM", "variable"}, {"MTCP_CONFIG", file.name()}});
  const values v = read_options(known, {"--size", "flag"}, given);
  EXPECT_EQ(size_of(v), "flag");
  EXPECT_EQ(items_of(v), list{"variable"});
  EXPECT_EQ(v.one("key-file", text), "file");
  EXPECT_EQ(size_of(read_options(known, {}, variables())), "default");
}

TEST(Options, KnowCommands) {
  EXPECT_EQ(read_options(known, {"show"}, variables()).command, "show");
  expect_error(64, "hide", [] { read_options(known, {"hide"}, variables()); });
}

TEST(Options, MayStandBehindACommand) {
  const values v = read_options(known, {"show", "--size", "3", "--colour", "red", "--all"}, variables());
  EXPECT_EQ(size_of(v), "3");
  EXPECT_EQ(size_of(read_options(known, {"--size", "3", "show"}, variables())), "3");
  EXPECT_EQ(v.one("colour", text), "red");
  EXPECT_TRUE(v.flag("all"));
  EXPECT_EQ(read_options(known, {"show"}, variables({{"MTCP_COLOUR", "blue"}})).one("colour", text), "blue");
}

TEST(Options, OfACommandAreOfNoOther) {
  expect_error(64, "--colour", [] { read_options(known, {"--colour", "red"}, variables()); });
  expect_error(64, "--colour", [] { read_options(known, {"forget", "--colour", "red"}, variables()); });
  EXPECT_FALSE(read_options(known, {}, variables({{"MTCP_COLOUR", "blue"}})).has("colour"));
}

TEST(Options, ErrorsNameTheFlag) {
  expect_error(64, "--nonsense", [] { read_options(known, {"--nonsense"}, variables()); });
  expect_error(64, "--size", [] { read_options(known, {"--size"}, variables()); });
  for (const list& twice : {list{"--size", "1", "--size", "2"}, {"--size", "1", "show", "--size", "2"}})
    expect_error(64, "--size: given twice", [&] { read_options(known, twice, variables()); });
}

TEST(Options, ErrorsNameTheVariable) {
  expect_error(64, "MTCP_LOUD", [] { read_options(known, {}, variables({{"MTCP_LOUD", "maybe"}})); });
}

TEST(Options, ErrorsNameTheKeyOfAFile) {
  const auto read = [](const std::string& json) {
    const config_file file(json);
    read_options(known, {"--config", file.name()}, variables());
  };
  expect_error(78, "nonsense", [&] { read(R"({"nonsense": 1})"); });
  expect_error(78, "size", [&] { read(R"({"size": true})"); });
  expect_error(78, "size", [&] { read(R"({"size": [1]})"); });
  expect_error(78, "size", [&] { read(R"({"size": null})"); });
  expect_error(78, "loud", [&] { read(R"({"loud": 1})"); });
  expect_error(78, "item.x", [&] { read(R"({"item": {"x": [1]}})"); });
  expect_error(78, "config", [&] { read(R"({"config": "other.json"})"); });
  expect_error(78, "expected an object", [&] { read("[]"); });
  expect_error(78, "not JSON", [&] { read("{"); });
  expect_error(78, "not JSON: [json.exception.out_of_range", [&] { read(R"({"size": 5E5555})"); });
  expect_error(78, "read: No such file", [] { read_options(known, {"--config", "/nowhere/at/all"}, variables()); });
  expect_error(78, "read: Is a dir", [] { read_options(known, {"--config", testing::TempDir()}, variables()); });
}

TEST(Options, OfAFileAreWhatTheyLookLike) {
  const auto read = [](const std::string& json) {
    const config_file file(json);
    read_options(known, {"--config", file.name()}, variables());
  };
  expect_error(78, "size: expected a string", [&] { read(R"({"size": {"host": "a"}})"); });
  expect_error(78, "item.x: must not have a comma", [&] { read(R"({"item": [{"x": "y,z=1"}]})"); });
  expect_error(78, "size: given twice", [&] { read(R"({"size": 1, "item": "a", "size": 2})"); });
  expect_error(78, "x: given twice", [&] { read(R"({"item": [{"x": 1}, {"x": 1, "x": 2}]})"); });
}

TEST(Options, AKeyIsNoValue) {
  const std::string key = "mtcp1-" + std::string(71, 'a');
  const config_file file(R"({"size": "mtcp://)" + key + R"(@a"})");
  const std::string why = ": this is a key (or URL) itself; put it into a file";
  expect_error(64, "--key-file" + why, [&] { read_options(known, {"--key-file", key}, variables()); });
  expect_error(64, "MTCP_KEY_FILE" + why, [&] { read_options(known, {}, variables({{"MTCP_KEY_FILE", key}})); });
  expect_error(78, ".json: size" + why, [&] { read_options(known, {"--config", file.name()}, variables()); });
  expect_error(64, why, [&] { read_options(known, {key}, variables()); });
  EXPECT_TRUE(read_options(known, {"--key-file", "mtcp1-home.key"}, variables()).has("key-file"));
}

TEST(Message, HoldsNoKey) {
  EXPECT_EQ(message_of(std::runtime_error("a mtcp://mtcp1-abc234@b, MTCP1-XYZ")), "a mtcp://mtcp1-...@b, mtcp1-...");
}

TEST(Message, HoldsNoPassword) {
  const auto shown = [](const std::string& text) { return message_of(std::runtime_error(text)); };
  EXPECT_EQ(shown("--path: 'server=a,proxy=socks5://u:s3cret@h:1,bridges=0': bridges"),
            "--path: 'server=a,proxy=socks5://...@h:1,bridges=0': bridges");
  for (const char* password : {"pa,ss", "pa ss", "p'a\"s", "p@ss", "p:a/s", "://"})
    EXPECT_EQ(shown("'http://u:" + std::string(password) + "@h:1': x"), "'http://...@h:1': x") << password;
  EXPECT_EQ(shown("'proxy=socks5://u@h:1': x"), "'proxy=socks5://u@h:1': x");
  const std::string words = "': expected socks5://[USER@]HOST:PORT";
  EXPECT_EQ(shown("'https://u@h:1" + words), "'https://u@h:1" + words);
  EXPECT_EQ(shown("'https://u:s3cret@h:1" + words), "'https://...@h:1" + words);
}

TEST(Message, TellsNothingOfBoost) {
  static constexpr boost::source_location here{"reactor.hpp", 1, "bind"};
  const error_code code(98, boost::system::system_category(), &here);
  EXPECT_EQ(message_of(boost::system::system_error(code, "no")), "no: Address already in use");
}

TEST(Options, BadValuesNameWhereTheyStand) {
  const auto refuse = [](const std::string&) -> int { throw std::invalid_argument("expected better"); };
  const config_file file(R"({"size": "file"})");
  const values flag = read_options(known, {"--size", "flag"}, variables());
  const values in_file = read_options(known, {"--config", file.name()}, variables());
  expect_error(64, "--size: 'flag': expected better", [&] { (void)flag.one("size", refuse); });
  expect_error(78, ".json: size: 'file': expected better", [&] { (void)in_file.one("size", refuse); });
}

TEST(Options, TellHelpAndVersion) {
  const auto told = [](const std::string& flag, const list& before = {}) {
    list all = before;
    all.push_back(flag);
    try {
      read_options(known, all, variables());
    } catch (const information& i) {
      return i.text;
    }
    return std::string("nothing");
  };
  for (const char* word : {"Does things.", "--size N", "how large", "show", "Example: tool --size 3", "--log-level"})
    EXPECT_NE(told("--help").find(word), std::string::npos) << word;
  EXPECT_EQ(told("--version").find("tool "), 0U) << told("--version");
  EXPECT_NE(told("--version").find("\nAES-128-GCM: " + aes_in_use() + "\n"), std::string::npos) << told("--version");
  const std::string of_command = told("--help", {"show"});
  for (const char* word : {"--colour C", "--size N", "see tool --help"})
    EXPECT_NE(of_command.find(word), std::string::npos) << of_command;
  for (const char* word : {"--item", "Example:"}) EXPECT_EQ(of_command.find(word), std::string::npos) << of_command;
}

template <class Parse>
bool accepts(Parse parse, const std::string& text) {
  try {
    parse(text);
    return true;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

TEST(Parse, Rates) {
  EXPECT_EQ(parse_rate("50mbit"), 6'250'000U);
  EXPECT_EQ(parse_rate("1.5gbit"), 187'500'000U);
  EXPECT_EQ(parse_rate("800kbit"), 100'000U);
  EXPECT_EQ(parse_rate("9600bit"), 1'200U);
  EXPECT_EQ(parse_rate("0"), 0U);
  for (const char* bad : {"", "50", "mbit", "50mb", "-1mbit", "50 mbit", "nanmbit", "infgbit", "1e30gbit", "1bit"})
    EXPECT_FALSE(accepts(parse_rate, bad)) << bad;
}

TEST(Parse, Numbers) {
  const auto small = [](const std::string& t) { return parse_number(t, 1, 64); };
  EXPECT_EQ(small("1"), 1U);
  EXPECT_EQ(small("64"), 64U);
  for (const char* bad : {"", "0", "65", "-1", "1.5", "4x", " 4", "99999999999999999999"})
    EXPECT_FALSE(accepts(small, bad)) << bad;
}

TEST(Parse, Listeners) {
  EXPECT_EQ(parse_listen(":8443"), (core::target{"", 8443}));
  EXPECT_EQ(parse_listen("*:0"), (core::target{"", 0}));
  EXPECT_EQ(parse_listen("[::1]:80"), (core::target{"::1", 80}));
  EXPECT_FALSE(accepts(parse_listen, "8443"));
}

TEST(Parse, Destinations) {
  EXPECT_EQ(parse_destination("example.org:443"), (core::target{"example.org", 443}));
  for (const char* good : {"a:1", "a_b.example.:1", "4u.example:1", "1.2.3.4:1", "[::1]:1", "b\xc3\xbcro.example:1"})
    EXPECT_TRUE(accepts(parse_destination, good)) << good;
  for (const char* bad : {"example.org", ":443", "example.org:0", "a,b:1", "host=a:1", "a..b:1", "1.2.3:1",
                          "300.1.1.1:1", "7:1", "a b:1", "a/b:1"})
    EXPECT_FALSE(accepts(parse_destination, bad)) << bad;
}

TEST(Parse, ErrorsSayWhatWasMeant) {
  const auto why = [](auto parse, const std::string& text) {
    try {
      parse(text);
    } catch (const std::invalid_argument& e) {
      return std::string(e.what());
    }
    return std::string("nothing");
  };
  EXPECT_NE(why(parse_network, "10.0.0.1/8").find("did you mean 10.0.0.0/8?"), std::string::npos);
  EXPECT_NE(why(parse_network, "fd00::1/8").find("did you mean fd00::/8?"), std::string::npos);
  EXPECT_NE(why(parse_network, "10.0.0.1/99").find("for example"), std::string::npos);
  for (const char* bad : {"Auto", "0"}) EXPECT_NE(why(parse_bridges, bad).find(", or auto"), std::string::npos) << bad;
}

TEST(Parse, LogLevels) {
  EXPECT_EQ(parse_log_level("debug"), spdlog::level::debug);
  EXPECT_EQ(parse_log_level("error"), spdlog::level::err);
  EXPECT_FALSE(accepts(parse_log_level, "loud"));
}

}  // namespace
}  // namespace mtcp::program
