#include "mtcp/net/platform/opener.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "support/temp_dir.hpp"

namespace mtcp::platform {
namespace {

boost::system::error_code error_of(int number) { return {number, boost::system::system_category()}; }

std::string text_of(int descriptor) {
  char text[100];
  const ssize_t size = ::read(descriptor, text, sizeof text);
  ::close(descriptor);
  return {text, size < 0 ? 0 : static_cast<std::size_t>(size)};
}

std::string whole(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Opener : testing::Test {
  std::string path(const char* name) const { return (files / name).string(); }
  std::unique_ptr<opener> start(std::vector<file_grant> all) {
    auto started = opener::start([all] { return all; });
    EXPECT_TRUE(started);
    return started ? std::move(*started) : nullptr;
  }
  /// The second process reads in this file which others it may open.
  std::unique_ptr<opener> start_with_list(const std::string& list) {
    auto started = opener::start([list] {
      std::ifstream in(list);
      std::vector<file_grant> all;
      for (std::string line; std::getline(in, line);) {
        if (line == "bad") throw std::runtime_error("bad settings");
        all.push_back({line});
      }
      return all;
    });
    EXPECT_TRUE(started);
    return started ? std::move(*started) : nullptr;
  }

  const lab::temp_dir files;
};

TEST_F(Opener, OpensWhatItWasTold) {
  files.write("key", "a key");
  const auto by = start({{path("key")}});
  const auto file = by->open(path("key"), file_use::read);
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(text_of(*file), "a key");
}

TEST_F(Opener, OpensWhatHasTakenThePlaceOfAFile) {
  files.write("key", "a key");
  const auto by = start({{path("key")}});
  files.write("key.new", "another");
  std::filesystem::rename(path("key.new"), path("key"));
  const auto file = by->open(path("key"), file_use::read);
  ASSERT_TRUE(file);
  EXPECT_EQ(text_of(*file), "another");
}

TEST_F(Opener, RefusesEverythingElse) {
  files.write("key", "a key");
  files.write("other", "secret");
  const auto by = start({{path("key")}});
  EXPECT_EQ(by->open(path("other"), file_use::read).error(), error_of(EACCES));
  EXPECT_EQ(by->open(path("./key"), file_use::read).error(), error_of(EACCES));
  EXPECT_EQ(by->open(path("key"), file_use::append).error(), error_of(EACCES));
  EXPECT_EQ(by->open(path("key"), file_use::remove).error(), error_of(EACCES));
  EXPECT_EQ(by->open(std::string(10'000, 'x'), file_use::read).error(), error_of(ENAMETOOLONG));
  EXPECT_EQ(by->open("", file_use::read).error(), error_of(EACCES));
  EXPECT_TRUE(std::filesystem::exists(path("key")));
}

TEST_F(Opener, SaysWhyAFileCannotBeOpened) {
  const auto by = start({{path("absent")}});
  EXPECT_EQ(by->open(path("absent"), file_use::read).error(), error_of(ENOENT));
}

TEST_F(Opener, AppendsAndMakesFilesForTheirOwnerAlone) {
  const auto by = start({{path("log"), file_use::append}});
  for (const char* line : {"one\n", "two\n"}) {
    const auto file = by->open(path("log"), file_use::append);
    ASSERT_TRUE(file);
    EXPECT_EQ(::write(*file, line, 4), 4);
    ::close(*file);
  }
  EXPECT_EQ(whole(path("log")), "one\ntwo\n");
  struct stat what {};
  ASSERT_EQ(::stat(path("log").c_str(), &what), 0);
  EXPECT_EQ(what.st_mode & 0777, 0600u);
}

TEST_F(Opener, Removes) {
  files.write("control", "");
  const auto by = start({{path("control"), file_use::remove}});
  EXPECT_TRUE(by->open(path("control"), file_use::remove));
  EXPECT_FALSE(std::filesystem::exists(path("control")));
  EXPECT_EQ(by->open(path("control"), file_use::remove).error(), error_of(ENOENT));
}

TEST_F(Opener, LearnsOfOtherFilesWhenItIsAsked) {
  files.write("b", "b");
  files.write("list", path("a") + '\n');
  const auto by = start_with_list(path("list"));
  files.write("list", path("b") + '\n');
  EXPECT_FALSE(by->open(path("b"), file_use::read));
  by->renew();
  const auto file = by->open(path("b"), file_use::read);
  ASSERT_TRUE(file);
  EXPECT_EQ(text_of(*file), "b");
}

TEST_F(Opener, KeepsToWhatItKnewIfTheSettingsAreBad) {
  files.write("a", "a");
  files.write("list", path("a") + '\n');
  const auto by = start_with_list(path("list"));
  files.write("list", "bad\n");
  by->renew();
  const auto file = by->open(path("a"), file_use::read);
  ASSERT_TRUE(file);
  EXPECT_EQ(text_of(*file), "a");
}

TEST_F(Opener, ServesSeveralThreads) {
  std::vector<file_grant> all;
  for (const char* name : {"0", "1", "2", "3"}) {
    files.write(name, name);
    all.push_back({path(name)});
  }
  const auto by = start(all);
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < all.size(); ++i)
    threads.emplace_back([&, i] {
      for (int round = 0; round < 100; ++round) {
        const auto file = by->open(all[i].path, file_use::read);
        ASSERT_TRUE(file);
        ASSERT_EQ(text_of(*file), std::to_string(i));
      }
    });
}

TEST_F(Opener, OpensForWhoeverOpensFiles) {
  files.write("key", "a key");
  files.write("other", "secret");
  const auto by = start({{path("key")}});
  set_file_opening([&by](const std::string& name, file_use use) { return by->open(name, use); });
  EXPECT_EQ(text_of_file(path("key"), 100), "a key");
  EXPECT_EQ(text_of_file(path("key"), 3), "a k");
  EXPECT_FALSE(text_of_file(path("other"), 100));
  {
    const lent_file lent(path("key"));
    EXPECT_NE(lent.path(), path("key"));
    EXPECT_EQ(whole(lent.path()), "a key");
    EXPECT_EQ(whole(lent.path()), "a key") << "from its beginning, whenever it is opened";
  }
  set_file_opening({});
  EXPECT_EQ(text_of_file(path("other"), 100), "secret");
  EXPECT_EQ(lent_file(path("key")).path(), path("key"));
}

}  // namespace
}  // namespace mtcp::platform
