// The control socket: for its owner alone, whatever others do to the status endpoint.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "integration/deployment.hpp"
#include "integration/status.hpp"

namespace mtcp::lab {
namespace {

class Control : public testing::Test {
 protected:
  plan with_control() const {
    plan p;
    p.server_options.insert(p.server_options.end(), {"--control", path});
    return with_status(p);
  }
  run_result ask(const std::string& command) const { return run({server_program, command, "--control", path}); }

  temp_dir files;
  const std::string path = (files / "control").string();
};

TEST_F(Control, IsForItsOwnerAlone) {
  deployment halves(with_control());
  using perms = std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(path).permissions(), perms::owner_read | perms::owner_write);
  EXPECT_EQ(ask("health").standard_output, "ready\n");
  const auto picture = run({server_program, "top", "--once", "--control", path});
  EXPECT_EQ(picture.end.exit_code, 0) << picture.standard_error;
  EXPECT_EQ(fetch(halves.server(), "/api/reload").find("settings"), std::string::npos);
  EXPECT_EQ(run({"curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST",
                 "http://" + status_of(halves.server()) + "/api/reload"})
                .standard_output,
            "403")
      << "not for everybody who reaches the status endpoint";
}

TEST_F(Control, HasTheSettingsReadAgainAndSaysWhatCameOfIt) {
  deployment halves(with_control());
  const auto good = ask("reload");
  EXPECT_EQ(good.end.exit_code, 0);
  EXPECT_EQ(good.standard_output, "settings read again\n");
  halves.server().expect("info control: settings read again");
  std::ofstream(halves.key_file()) << "no key\n";
  const auto bad = ask("reload");
  EXPECT_EQ(bad.end.exit_code, 1);
  EXPECT_NE(bad.standard_output.find("key:1: not a key"), std::string::npos) << bad.standard_output;
  EXPECT_EQ(ask("health").standard_output, "ready\n");
}

TEST_F(Control, RevokesAKeyWithoutARestart) {
  deployment halves(with_control());
  halves.server().expect("client .* connected");
  const temp_dir others;
  std::filesystem::copy_file(make_key(others), halves.key_file(), std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(ask("reload").end.exit_code, 0);
  halves.server().expect("client .* gone");
}

TEST_F(Control, IsReplacedAfterACrashAndGoneAfterTheEnd) {
  {
    deployment halves(with_control());
    halves.server().send_signal(SIGKILL);
    halves.server().wait();
    EXPECT_TRUE(std::filesystem::exists(path));
    EXPECT_EQ(ask("health").end.exit_code, 1);
  }
  deployment halves(with_control());
  EXPECT_EQ(ask("health").standard_output, "ready\n");
  EXPECT_EQ(halves.server().terminate().exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Control, ThatSomebodyHasIsNotTakenAway) {
  deployment halves(with_control());
  const auto second = run({server_program, "--key-file", halves.key_file(), "--listen", "127.0.0.1:0", "--status",
                           "none", "--control", path});
  EXPECT_EQ(second.end.exit_code, 69) << second.standard_error;
  EXPECT_NE(second.standard_error.find("--control: " + path), std::string::npos) << second.standard_error;
  EXPECT_EQ(ask("health").standard_output, "ready\n");
}

TEST_F(Control, AnswersWhoeverHoldsTheStatusEndpoint) {
  deployment halves(with_control());
  const std::string where = status_of(halves.server());
  const auto port = static_cast<std::uint16_t>(std::stoul(where.substr(where.rfind(':') + 1)));
  std::vector<socket> idle;
  for (int i = 0; i < 90; ++i) idle.emplace_back("127.0.0.1", port);
  EXPECT_EQ(ask("health").standard_output, "ready\n");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(fetch(halves.server(), "/healthz"), "ok\n") << "nor are others kept out";
}

}  // namespace
}  // namespace mtcp::lab
