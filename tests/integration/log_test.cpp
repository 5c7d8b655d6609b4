// The log of the programs, and who reads it: systemd's journal, or somebody who stands still.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <regex>

#include "integration/deployment.hpp"
#include "support/socket.hpp"

namespace mtcp::lab {
namespace {

const std::regex stamped("\\d{4}-\\d\\d-\\d\\dT\\S+ info listening .*");

/// Whose lines are `commands`'s standard error after `words` of the shell.
std::vector<std::string> after(const std::string& words, std::vector<std::string> command) {
  command.insert(command.begin(), {"sh", "-c", words + "exec \"$@\"", "sh"});
  return command;
}

std::string first_line(const std::vector<std::string>& command) {
  process p(command);
  p.expect("listening");
  p.terminate();
  return p.standard_error().substr(0, p.standard_error().find('\n'));
}

TEST(Log, GoesToTheJournalWithPrioritiesAndWithoutTimes) {
  const temp_dir files;
  for (const auto& command : lone_programs(make_key(files))) {
    const std::string said =
        first_line(after("JOURNAL_STREAM=$(stat -L -c %d:%i /dev/fd/2); export JOURNAL_STREAM; ", command));
    EXPECT_TRUE(std::regex_match(said, std::regex("<6>listening .*"))) << said;
    const std::string elsewhere = first_line(after("JOURNAL_STREAM=1:2; export JOURNAL_STREAM; ", command));
    EXPECT_TRUE(std::regex_match(elsewhere, stamped)) << elsewhere;
  }
}

/// The reading end of a small named pipe; reads only when it is asked to.
class slow_reader {
 public:
  slow_reader() {
    EXPECT_EQ(::mkfifo(path().c_str(), 0600), 0);
    end_ = ::open(path().c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
    EXPECT_GT(::fcntl(end_, F_SETPIPE_SZ, 4096), 0);
  }
  ~slow_reader() { ::close(end_); }

  std::string path() const { return (files_ / "log").string(); }
  /// Reads until `pattern` has come; what it found, or nothing.
  std::smatch read_until(const std::string& pattern) {
    std::smatch found;
    pollfd news{end_, POLLIN, 0};
    while (!std::regex_search(text_, found, std::regex(pattern)) && ::poll(&news, 1, 15'000) == 1) {
      char part[4096];
      const ssize_t size = ::read(end_, part, sizeof part);
      if (size > 0) text_.append(part, static_cast<std::size_t>(size));
    }
    return found;
  }

 private:
  temp_dir files_;
  std::string text_;
  int end_ = -1;
};

TEST(Log, WhoStopsReadingItStopsNobody) {
  const deployment halves;
  slow_reader reader;
  process client(
      after("exec 2>" + reader.path() + "; ",
            {client_program, "--log-level", "debug", "--key-file", halves.key_file(), "--socks", "127.0.0.1:0",
             "--status", "none", "--server", "127.0.0.1:" + std::to_string(halves.server_port())}));
  const auto port = static_cast<std::uint16_t>(std::stoul(reader.read_until("listening socks .*:(\\d+)").str(1)));
  for (int i = 0; i < 200; ++i) {
    socket s("127.0.0.1", port);
    ASSERT_EQ(socks_connect(s, "10.0.0.1", 1).code, 2) << "request " << i;
  }
  const std::string lost =
      reader.read_until("warning nobody read the log for a while: (\\d+) lines are missing").str(1);
  ASSERT_FALSE(lost.empty());
  EXPECT_GT(std::stoul(lost), 50U);
  EXPECT_LT(client.cpu_seconds(), 2);
  EXPECT_EQ(client.terminate().exit_code, 0);
}

}  // namespace
}  // namespace mtcp::lab
