// The programs as seen from a shell: what they print, and the code they exit with (sysexits.h).
#include <gtest/gtest.h>

#include <regex>

#include "integration/deployment.hpp"
#include "support/peer.hpp"

namespace mtcp::lab {
namespace {

void expect_failure(const run_result& r, int code, const std::string& word) {
  EXPECT_EQ(r.end.exit_code, code) << r.standard_error;
  EXPECT_NE(r.standard_error.find(word), std::string::npos) << "'" << word << "' is not in: " << r.standard_error;
}

TEST(Keygen, PrintsOneFreshKey) {
  const auto one = run({server_program, "keygen"});
  const auto two = run({server_program, "keygen"});
  const std::regex key("mtcp1-[a-z2-7]{71}\n");
  EXPECT_TRUE(std::regex_match(one.standard_output, key)) << one.standard_output;
  EXPECT_TRUE(std::regex_match(two.standard_output, key));
  EXPECT_NE(one.standard_output, two.standard_output);
}

TEST(CommandLine, TellsItsVersionAndHelps) {
  for (const char* program : {client_program, server_program}) {
    EXPECT_NE(run({program, "--version"}).standard_output.find("0."), std::string::npos);
    const auto help = run({program, "--help"});
    EXPECT_EQ(help.end.exit_code, 0);
    EXPECT_NE(help.standard_output.find("--key-file"), std::string::npos);
  }
}

TEST(CommandLine, UnknownOptionIsAUsageError) {
  for (const char* program : {client_program, server_program})
    expect_failure(run({program, "--nonsense"}), 64, "nonsense");
}

TEST(KeyFile, MustExistAndBePrivate) {
  const temp_dir files;
  const std::string missing = (files / "missing").string();
  const std::string open_to_all = files.write("open", run({server_program, "keygen"}).standard_output, 0644);
  const std::string not_a_key = files.write("text", "hello\n");
  const std::vector<std::vector<std::string>> programs{{server_program, "--listen", "127.0.0.1:0"},
                                                       {client_program, "--server", "127.0.0.1:1"}};
  for (const auto& program : programs) {
    const auto with_key = [&](const std::string& file) {
      auto command = program;
      command.insert(command.end(), {"--key-file", file});
      return run(command, 10s);
    };
    expect_failure(with_key(missing), 78, missing);
    expect_failure(with_key(open_to_all), 77, open_to_all);
    expect_failure(with_key(not_a_key), 78, not_a_key);
    expect_failure(with_key((files / "").string()), 78, "directory");
  }
}

TEST(UsersFile, MustExistAndBePrivate) {
  const temp_dir files;
  const std::string key = make_key(files);
  const auto with_users = [&](const std::string& file) {
    return run(
        {client_program, "--key-file", key, "--server", "127.0.0.1:1", "--socks", "127.0.0.1:0", "--users-file", file},
        10s);
  };
  const std::string open_to_all = files.write("open", "alice:s3cret\n", 0644);
  const std::string malformed = files.write("malformed", "# us\nalice s3cret\n");
  const std::string empty = files.write("empty", "# nobody\n");
  expect_failure(with_users((files / "missing").string()), 78, "missing");
  expect_failure(with_users(open_to_all), 77, open_to_all);
  expect_failure(with_users(malformed), 78, "line 2");
  expect_failure(with_users(empty), 78, empty);
  expect_failure(with_users((files / "").string()), 78, "directory");
  EXPECT_EQ(with_users(malformed).standard_error.find("s3cret"), std::string::npos);
}

TEST(Config, ErrorsNameTheKey) {
  const temp_dir files;
  const auto with_config = [&](const char* program, const std::string& text) {
    return run({program, "--config", files.write("config.json", text)}, 10s);
  };
  for (const char* program : {client_program, server_program}) {
    expect_failure(with_config(program, R"({"nonsense": 1})"), 78, "nonsense");
    expect_failure(with_config(program, R"({"log-level": 7})"), 78, "log-level");
    expect_failure(with_config(program, "{"), 78, "config.json");
  }
  expect_failure(with_config(client_program, R"({"bridges": -1})"), 78, "bridges");
  expect_failure(with_config(server_program, R"({"allow": ["10.0.0.0/99"]})"), 78, "allow");
}

TEST(Config, IsEnoughToStart) {
  const temp_dir files;
  const std::string key = make_key(files);
  process p({server_program, "--config",
             files.write("server.json", R"({"key-file": ")" + key + R"(", "listen": ["127.0.0.1:0"]})")});
  p.expect("listening bridges 127.0.0.1:\\d+");
  EXPECT_EQ(p.terminate().exit_code, 0);
}

TEST(Listen, OnATakenPortFails) {
  const temp_dir files;
  const std::string key = make_key(files);
  const peer taken(habit::listen);
  const std::string address = "127.0.0.1:" + std::to_string(taken.port());
  expect_failure(run({server_program, "--key-file", key, "--listen", address}, 10s), 69, address);
  expect_failure(run({client_program, "--key-file", key, "--server", "127.0.0.1:1", "--socks", address}, 10s), 69,
                 address);
}

TEST(Listen, RefusesToBeAnOpenProxy) {
  const temp_dir files;
  const std::string key = make_key(files);
  const auto r = run({client_program, "--key-file", key, "--server", "127.0.0.1:1", "--socks", "0.0.0.0:0"}, 10s);
  EXPECT_NE(r.end.exit_code, 0);
  EXPECT_FALSE(r.end.timed_out) << "it runs";
}

}  // namespace
}  // namespace mtcp::lab
