// The programs as seen from a shell: what they print, and the code they exit with (sysexits.h).
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <sstream>

#include "integration/deployment.hpp"
#include "support/peer.hpp"
#include "support/scripted.hpp"
#include "support/socket.hpp"

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

/// A command whose standard output is `where`.
std::vector<std::string> into(const std::string& where, std::vector<std::string> command) {
  command.insert(command.begin(), {"sh", "-c", "exec \"$@\" " + where, "sh"});
  return command;
}

TEST(StandardOutput, ThatTakesNothingIsAnError) {
  const temp_dir files;
  const std::string key = make_key(files);
  process serving({server_program, "--key-file", key, "--listen", "127.0.0.1:0", "--status", "127.0.0.1:0"});
  const std::string status = serving.expect("listening status (.*)").at(1);
  std::vector<std::vector<std::string>> commands{{server_program, "keygen"},
                                                 {server_program, "url", "--key-file", key, "--host", "a"},
                                                 {server_program, "check", "--key-file", key},
                                                 {client_program, "check", "--key-file", key, "--server", "a"}};
  for (const char* program : {client_program, server_program})
    for (const char* asked : {"--version", "--help", "health", "top"}) {
      commands.push_back({program, asked});
      if (*asked != '-') commands.back().insert(commands.back().end(), {"--status", status});
      if (*asked == 't') commands.back().push_back("--once");
    }
  for (const auto& command : commands) {
    expect_failure(run(into(">/dev/full", command)), 74, "standard output: No space left on device");
    expect_failure(run(into(">&-", command)), 74, "standard output: Bad file descriptor");
  }
}

TEST(Keygen, WritesAFileOnlyOnce) {
  const temp_dir files;
  const std::string file = (files / "key").string();
  const auto made = run({server_program, "keygen", "--output", file});
  EXPECT_EQ(made.end.exit_code, 0) << made.standard_error;
  EXPECT_EQ(made.standard_output, "");
  const auto text = [&] { return run({"cat", file}).standard_output; };
  const std::string first = text();
  EXPECT_TRUE(std::regex_match(first, std::regex("mtcp1-[a-z2-7]{71}\n")));
  EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms(0600));
  EXPECT_EQ(run({server_program, "keygen", "--output", file}).end.exit_code, 0);
  EXPECT_EQ(text(), first);
  expect_failure(run({server_program, "keygen", "--output", files.write("text", "hello")}), 78, "text");
  expect_failure(run({server_program, "keygen", "--output", "/nowhere/key"}), 73, "/nowhere/key");
}

TEST(Url, TakesAClientToTheServer) {
  const temp_dir files;
  const std::string key = make_key(files);
  const auto made = run({server_program, "url", "--key-file", key, "--host", "a.example", "--bridges", "7"});
  ASSERT_EQ(made.end.exit_code, 0) << made.standard_error;
  const std::string secret = run({"cat", key}).standard_output.substr(0, 77);
  EXPECT_EQ(made.standard_output, "mtcp://" + secret + "@a.example:8443?bridges=7\n");
  const auto told = run({client_program, "check", "--url-file", files.write("url", made.standard_output)});
  EXPECT_EQ(told.end.exit_code, 0) << told.standard_error;
  EXPECT_NE(told.standard_output.find("a.example:8443, 7 bridges"), std::string::npos) << told.standard_output;
  EXPECT_EQ(told.standard_output.find(secret), std::string::npos);
  expect_failure(run({client_program, "--url-file", files.write("open", made.standard_output, 0644)}), 77, "open");
  expect_failure(run({client_program, "--url-file", "-"}), 78, "mtcp://");  // standard input is empty
}

TEST(Url, IsOneThatAClientTakes) {
  const temp_dir files;
  const std::string key = make_key(files);
  const std::string name = "Büros der Gesellschaft für Übergänge in Überlingen am Überlinger See";
  expect_failure(run({server_program, "url", "--key-file", key, "--host", "a", "--name", name}), 64, "name");
}

TEST(Url, AsksWhoseKey) {
  const temp_dir files;
  const auto fresh = [] { return run({server_program, "keygen"}).standard_output.substr(0, 77); };
  const std::string ann = fresh(), bob = fresh();
  const std::string keys = files.write("keys", ann + " ann\n" + bob + " bob\n");
  expect_failure(run({server_program, "url", "--key-file", keys, "--host", "a"}), 64, "ann, bob");
  const auto with = [&](const std::string& user) {
    const std::string joes = files.write("joes", ann + " joe\n" + bob + " joe\n" + fresh() + "\n");
    return run({server_program, "url", "--key-file", joes, "--host", "a", "--user", user});
  };
  const std::string of_ann = run({server_program, "check", "--key-file", files.write("k", ann)}).standard_output;
  const std::string id = of_ann.substr(9, 16);
  expect_failure(with("joe"), 64, "joe (" + id + "), joe (");
  EXPECT_EQ(with(id).standard_output, "mtcp://" + ann + "@a:8443\n");
  const auto made = run({server_program, "url", "--key-file", keys, "--host", "a", "--user", "bob", "--qr"});
  EXPECT_NE(made.standard_output.find("mtcp://" + bob + "@a:8443\n"), std::string::npos);
  EXPECT_NE(made.standard_output.find("█"), std::string::npos);
}

TEST(Check, TellsWhatTheSettingsSay) {
  const temp_dir files;
  const std::string key = make_key(files);
  const auto server = run({server_program, "check", "--key-file", key, "--allow", "10.0.0.0/8", "--listen", ":99"});
  EXPECT_EQ(server.end.exit_code, 0) << server.standard_error;
  EXPECT_TRUE(
      std::regex_search(server.standard_output, std::regex("key +[0-9a-f]{16}\nlisten +:99\nallow +10.0.0.0/8")))
      << server.standard_output;
  const auto client = run({client_program, "check", "--key-file", key, "--server", "a", "--forward", ":1=b:2"});
  EXPECT_TRUE(std::regex_search(client.standard_output, std::regex("forward +:1 to b:2"))) << client.standard_output;
}

TEST(Check, FailsAsAStartWould) {
  const temp_dir files;
  for (const char* program : {client_program, server_program}) {
    expect_failure(run({program, "check"}), 64, "--key-file");
    expect_failure(run({program, "check", "--config", files.write("c.json", R"({"nonsense": 1})")}), 78, "nonsense");
  }
  expect_failure(run({server_program, "check", "--key-file", files.write("k", "no")}), 78, "k:1");
  expect_failure(run({server_program, "check", "--key-file", files.write("o", "no", 0640)}), 77, "chmod 600");
}

TEST(CommandLine, OptionsMayStandBehindASubcommand) {
  const std::string nobody = "127.0.0.1:" + std::to_string(peer(habit::listen).port());
  for (const char* program : {client_program, server_program}) {
    const auto asked = run({program, "health", "--status", nobody});
    EXPECT_EQ(asked.end.exit_code, 1) << asked.standard_error;
    EXPECT_NE(asked.standard_output.find("refused"), std::string::npos) << asked.standard_output;
  }
}

TEST(HealthCommand, NamesWhatIsWrong) {
  const auto ask = [](const std::string& where) { return run({client_program, "health", "--status", where}); };
  const auto expect = [&](const std::string& where, const std::string& words) {
    const auto asked = ask(where);
    EXPECT_EQ(asked.end.exit_code, 1) << asked.standard_error;
    EXPECT_NE(asked.standard_output.find(words), std::string::npos) << asked.standard_output;
  };
  expect("nowhere.invalid:1", "cannot find nowhere.invalid");
  const peer silent(habit::listen);
  expect("127.0.0.1:" + std::to_string(silent.port()), "no answer within 5 s");
}

TEST(HealthCommand, IsToldByNobodyElse) {
  const std::string answers[] = {"200 OK\r\nContent-Length: 5\r\n\r\nhello", "503 No\r\nContent-Length: 5\r\n\r\nhello",
                                 "404 Not Found\r\nContent-Length: 6\r\n\r\nready\n"};
  for (const std::string& answer : answers) {
    const scripted other("HTTP/1.1 " + answer);
    const auto asked = run({client_program, "health", "--status", other.authority()});
    EXPECT_EQ(asked.end.exit_code, 1);
    EXPECT_NE(asked.standard_output.find("not the answer of an mtcp program (HTTP " + answer.substr(0, 3) + ")"),
              std::string::npos)
        << asked.standard_output;
    EXPECT_EQ(asked.standard_output.find("hello"), std::string::npos);
  }
}

TEST(CommandLine, NeverPrintsAKey) {
  const temp_dir files;
  const std::string key = run({server_program, "keygen"}).standard_output.substr(0, 77);
  const std::string url = "mtcp://" + key + "@a:8443";
  const std::string config = files.write("c.json", R"({"server": ")" + url + R"("})");
  const std::vector<std::vector<std::string>> mistakes{{client_program, "--config", config, "--key-file", "k"},
                                                       {client_program, "--url-file", url},
                                                       {client_program, url},
                                                       {"env", "MTCP_KEY_FILE=" + key, server_program},
                                                       {server_program, "--config", key}};
  for (const auto& mistake : mistakes) {
    const auto r = run(mistake);
    EXPECT_NE(r.end.exit_code, 0);
    EXPECT_EQ(r.standard_error.find(key.substr(6, 8)), std::string::npos) << r.standard_error;
    EXPECT_NE(r.standard_error.find("put it into a file"), std::string::npos) << r.standard_error;
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

// Editors put one in front.
TEST(ByteOrderMark, IsPassedOverInAllFiles) {
  const temp_dir files;
  const std::string mark = "\xEF\xBB\xBF", utf16 = "\xFF\xFE", secret = run({server_program, "keygen"}).standard_output;
  const auto check = [&](const std::string& front) {
    const std::string users = files.write("users", front + "alice:s3cret\n");
    const std::string key = files.write("key", front + secret);
    const std::string url = files.write("url", front + "mtcp://" + secret.substr(0, 77) + "@a:1\n");
    const std::string config = files.write("config.json", front + R"({"log-level": "info"})");
    return std::vector<run_result>{
        run({server_program, "check", "--key-file", key}), run({client_program, "check", "--url-file", url}),
        run({client_program, "check", "--key-file", make_key(files, "plain"), "--server", "a", "--users-file", users}),
        run({server_program, "check", "--key-file", make_key(files, "plain"), "--config", config})};
  };
  for (const run_result& r : check(mark)) EXPECT_EQ(r.end.exit_code, 0) << r.standard_error;
  for (const run_result& r : check(utf16)) expect_failure(r, 78, "this is UTF-16; save it as UTF-8");
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
  const std::string why = ": cannot listen on " + address + ": Address already in use\n";
  expect_failure(run({server_program, "--key-file", key, "--listen", address}, 10s), 69, "--listen" + why);
  const auto client = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {client_program, "--key-file", key, "--server", "127.0.0.1:1"});
    return run(more, 10s);
  };
  expect_failure(client({"--socks", address}), 69, "--socks" + why);
  expect_failure(client({"--socks", "127.0.0.1:0", "--status", address}), 69, "--status" + why);
  expect_failure(client({"--socks", "none", "--forward", address + "=a:1"}), 69, "--forward" + why);
  expect_failure(client({"--socks", "nowhere.invalid:1", "--socks-open"}), 69, "--socks: cannot find nowhere.invalid");
}

std::vector<std::string> lines_with(const std::string& word, const std::string& text) {
  std::vector<std::string> found;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (line.find(word) != std::string::npos) found.push_back(line);
  return found;
}

/// A command for which localhost has both addresses, as on most machines, and one that nobody has.
std::vector<std::string> with_hosts(const temp_dir& files, std::vector<std::string> command) {
  const std::string hosts = files.write("hosts", "::1 localhost\n127.0.0.1 localhost\n192.0.2.1 localhost\n", 0644);
  command.insert(command.begin(),
                 {"unshare", "-m", "sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$@\"", hosts});
  return command;
}

bool can_have_hosts(const temp_dir& files) { return run(with_hosts(files, {"true"})).end.exit_code == 0; }

// Programs that go to localhost try ::1 first, or 127.0.0.1.
TEST(Listen, OnANameMeansAllOfItsAddresses) {
  const temp_dir files;
  if (!can_have_hosts(files)) GTEST_SKIP() << "needs root";
  const std::string key = make_key(files);
  process server(
      with_hosts(files, {server_program, "--key-file", key, "--listen", "localhost:0", "--status", "localhost:0"}));
  process client(
      with_hosts(files, {client_program, "--key-file", key, "--server", "a", "--socks", "localhost:0", "--forward",
                         "localhost:0=a:1", "--status", "localhost:0", "--status", "127.0.0.1:0"}));
  client.expect("listening status");
  server.expect("listening status");
  const std::vector<std::pair<process*, std::string>> doors{
      {&server, "bridges"}, {&server, "status"}, {&client, "socks"}, {&client, "forward"}, {&client, "status"}};
  for (const auto& [program, door] : doors) {
    const std::string port = program->expect("listening " + door + " .*:(\\d+)").at(1);
    program->expect("listening " + door + " 127.0.0.1:" + port);
    program->expect("listening " + door + " \\[::1\\]:" + port);
    for (const char* address : {"127.0.0.1", "::1"}) socket(address, static_cast<std::uint16_t>(std::stoul(port)));
  }
  client.terminate();
  EXPECT_EQ(lines_with("listening status", client.standard_error()).size(), 3U) << "the option may be repeated";
}

TEST(HealthCommand, TriesAllAddressesOfAName) {
  const temp_dir files;
  if (!can_have_hosts(files)) GTEST_SKIP() << "needs root";
  process server({server_program, "--key-file", make_key(files), "--listen", "127.0.0.1:0", "--status", "127.0.0.1:0"});
  const std::string port = server.expect("listening status .*:(\\d+)").at(1);
  EXPECT_EQ(run(with_hosts(files, {server_program, "health", "--status", "localhost:" + port})).standard_output,
            "ready\n");
}

TEST(Listen, WarnsOfAnOpenForward) {
  const temp_dir files;
  process p({client_program, "--key-file", make_key(files), "--server", "127.0.0.1:1", "--socks", "none", "--status",
             "none", "--forward", ":0=a:1"});
  p.expect("forward: everybody who reaches :0 reaches a:1");
  p.terminate();
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
