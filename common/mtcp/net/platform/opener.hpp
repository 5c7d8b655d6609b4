// A second process, from before the sandbox and outside of it, that opens the files which the settings name for the
// program, which may open none. It knows them by their whole names, so they may be replaced by others of the same name,
// and nothing else in their folders can be had; and it stays the user that it was (--run-as).
//
// It hears requests, sends descriptors (unix(7), SCM_RIGHTS), and ends with the program.
//
// Threads: any, once it runs.
#pragma once

#include <boost/system/result.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "mtcp/net/platform/file_opening.hpp"

namespace mtcp::platform {

struct file_grant {
  std::string path;
  file_use use = file_use::read;
  friend bool operator==(const file_grant&, const file_grant&) = default;
};

class opener {
 public:
  using grants = std::function<std::vector<file_grant>()>;

  /// Starts it, while there are no threads and no secrets in memory; calls `may` before that. The second process calls
  /// it again when renew() is called; if that throws there, what it said before still holds. The error if there can be
  /// no second process.
  static boost::system::result<std::unique_ptr<opener>> start(grants may);
  opener(const opener&) = delete;
  opener& operator=(const opener&) = delete;
  ~opener();

  /// As open_file(). permission_denied for what it was not told of; broken_pipe once it is gone.
  boost::system::result<int> open(const std::string& path, file_use use);
  /// The settings may name others now.
  void renew();

 private:
  explicit opener(int connection) : connection_(connection) {}
  boost::system::result<int> ask(char what, const std::string& path);

  std::mutex one_at_a_time_;
  int connection_;
};

}  // namespace mtcp::platform
