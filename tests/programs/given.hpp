// Settings as a test writes them.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <optional>
#include <string>

#include "program/options.hpp"

namespace mtcp::test {

inline program::environment variables(std::map<std::string, std::string> table = {}) {
  return [table = std::move(table)](const std::string& name) {
    const auto it = table.find(name);
    return it == table.end() ? std::nullopt : std::optional(it->second);
  };
}

/// A JSON file that lives as long as this.
class config_file {
 public:
  explicit config_file(const std::string& text) : name_(testing::TempDir() + "mtcp_config_" + unique() + ".json") {
    std::ofstream(name_) << text;
  }
  ~config_file() { std::remove(name_.c_str()); }
  config_file(const config_file&) = delete;
  config_file& operator=(const config_file&) = delete;
  const std::string& name() const { return name_; }

 private:
  static std::string unique() {
    static int number = 0;
    return std::to_string(getpid()) + "_" + std::to_string(++number);
  }
  std::string name_;
};

/// Expects `read` to throw a settings_error of this exit code that mentions `word`.
template <class Read>
void expect_error(int code, const std::string& word, Read read) {
  try {
    read();
    ADD_FAILURE() << "no error that mentions " << word;
  } catch (const program::settings_error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    EXPECT_NE(std::string(e.what()).find(word), std::string::npos) << "'" << word << "' is not in: " << e.what();
  }
}

}  // namespace mtcp::test
