// --audit-log: who did what, in a file that may be rotated and may be full.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "integration/deployment.hpp"
#include "support/origin.hpp"

namespace mtcp::lab {
namespace {

class AuditLog : public testing::Test {
 protected:
  plan with_log(const std::string& to) const {
    plan p;
    p.server_options.insert(p.server_options.end(), {"--audit-log", to});
    return p;
  }
  /// The first line of the file that is so; what is not JSON is a failure.
  static nlohmann::json line_when(const std::string& path, const std::function<bool(const nlohmann::json&)>& is_so) {
    for (const auto end = lab_clock::now() + 20s; lab_clock::now() < end; std::this_thread::sleep_for(20ms)) {
      std::ifstream in(path);
      for (std::string line; std::getline(in, line) && !in.eof();)
        if (const auto one = nlohmann::json::parse(line); is_so(one)) return one;
    }
    ADD_FAILURE() << "no such line in " << path;
    return nlohmann::json::object();
  }
  static std::function<bool(const nlohmann::json&)> is(const char* event) {
    return [event](const nlohmann::json& one) { return one["event"] == event; };
  }

  temp_dir files;
  const std::string file = (files / "audit.json").string();
  const origin web;
};

TEST_F(AuditLog, SaysWhoFromWhereToWhereHowMuchAndWhyItEnded) {
  deployment halves(with_log(file));
  EXPECT_TRUE(transfer::download(halves, web.url(""), 1'000'000).finish().intact);
  const auto tunnel = line_when(file, is("tunnel"));
  EXPECT_EQ(tunnel["from"], "127.0.0.1");
  const auto stream = line_when(file, is("stream"));
  EXPECT_EQ(stream["user"], tunnel["user"]);
  EXPECT_EQ(stream["session"], tunnel["session"]);
  EXPECT_EQ(stream["from"], "127.0.0.1");
  EXPECT_EQ("http://" + stream["to"].get<std::string>(), web.url(""));
  EXPECT_EQ(stream["to"], stream["address"]);
  EXPECT_GE(stream["bytes_down"], 1'000'000);
  EXPECT_GT(stream["bytes_up"], 0);
  EXPECT_EQ(stream["ended"], "closed");
  EXPECT_EQ(stream["key"].get<std::string>().size(), 16u);
  EXPECT_TRUE(
      std::regex_match(stream["time"].get<std::string>(), std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")));
  using perms = std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(file).permissions(), perms::owner_read | perms::owner_write);
}

TEST_F(AuditLog, SaysWhoVisitedAClient) {
  plan p = with_log(file);
  p.server_options.insert(p.server_options.end(), {"--allow-listen", "0"});
  const std::string target = web.url("").substr(std::string("http://").size());
  p.client_options.insert(p.client_options.end(), {"--reverse", "0=" + target});
  deployment halves(p);
  const std::string here = halves.client().expect("reverse 0: the server listens on (.*:\\d+)").at(1);
  const run_result got = run({"curl", "-sS", "--fail", "--noproxy", "*", "http://" + here + "/bytes/100000"});
  EXPECT_EQ(got.end.exit_code, 0) << got.standard_error;
  const auto visit = line_when(file, is("accepted"));
  EXPECT_EQ(visit["user"], line_when(file, is("tunnel"))["user"]);
  EXPECT_EQ(visit["to"], here);
  EXPECT_EQ(visit["address"].get<std::string>().find("127.0.0.1:"), 0U);
  EXPECT_GE(visit["bytes_up"], 100'000) << "from the client to the visitor";
  EXPECT_GT(visit["bytes_down"], 0);
  EXPECT_EQ(visit["ended"], "closed");
}

TEST_F(AuditLog, SaysWhatWasRefused) {
  deployment halves(with_log(file));
  socket application("127.0.0.1", halves.socks_port());
  EXPECT_EQ(socks_connect(application, "10.0.0.1", 80).code, 2);
  const auto refused = line_when(file, is("refused"));
  EXPECT_EQ(refused["to"], "10.0.0.1:80");
  EXPECT_EQ(refused["ended"], "forbidden");
}

TEST_F(AuditLog, IsOpenedAnewOnSighup) {
  deployment halves(with_log(file));
  line_when(file, is("tunnel"));
  std::filesystem::rename(file, file + ".1");
  halves.server().send_signal(SIGHUP);
  halves.server().expect("settings read again");
  EXPECT_TRUE(transfer::download(halves, web.url(""), 1'000).finish().intact);
  EXPECT_EQ(line_when(file, is("stream"))["ended"], "closed");
}

TEST_F(AuditLog, ThatTakesNothingIsToldOfOnceAndCostsNobodyAnything) {
  deployment halves(with_log("/dev/full"));
  halves.server().expect("error --audit-log /dev/full: No space left on device; lines are missing from here on");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(transfer::download(halves, web.url(""), 1'000).finish().intact);
  const std::string said = halves.server().standard_error();
  EXPECT_EQ(said.find("No space left"), said.rfind("No space left"));
}

TEST_F(AuditLog, ThatCannotBeMadeIsAnErrorAtTheStart) {
  const std::string nowhere = (files / "no such folder" / "audit.json").string();
  const auto end = run({server_program, "--key-file", make_key(files), "--listen", "127.0.0.1:0", "--status", "none",
                        "--audit-log", nowhere});
  EXPECT_EQ(end.end.exit_code, 73);
  EXPECT_NE(end.standard_error.find("--audit-log " + nowhere + ": No such file or directory"), std::string::npos);
}

}  // namespace
}  // namespace mtcp::lab
