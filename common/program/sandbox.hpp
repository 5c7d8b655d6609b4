// What a program gives up once it listens and has read its files, so that whoever takes it over has little: files
// (Landlock), system calls (seccomp), privileges (no_new_privs, capabilities) and, with --run-as, its user. What it
// keeps stands in sandbox_rules.cpp. What the kernel cannot do is left out, and said.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mtcp/net/platform/opener.hpp"
#include "program/identity.hpp"
#include "program/options.hpp"

namespace mtcp::program {

struct sandbox_setting {
  bool wanted = true;
  std::string run_as{};  ///< as it was given; empty: the user stays
  std::string origin{};  ///< of run_as, for messages
  std::string config{};  ///< the file that --config names, or empty
  std::string keeps{};   ///< the directory of --state-dir, or empty
  friend bool operator==(const sandbox_setting& a, const sandbox_setting& b) {
    return a.wanted == b.wanted && a.run_as == b.run_as && a.keeps == b.keeps;
  }
};

option no_sandbox_option();
option run_as_option();
/// `options` with both, in front of those of the status endpoint.
std::vector<option> with_sandbox(std::vector<option> options);
sandbox_setting sandbox_setting_of(const values& given);
/// What every program reads again while it runs: its settings, and what the system says of names.
std::vector<platform::file_grant> files_of(const sandbox_setting& s);

/// For `check`: what it would do here, in a line. Throws settings_error for a --run-as that cannot be.
std::string describe_sandbox(const sandbox_setting& s);
std::string describe_user(const sandbox_setting& s);
/// Whom the program becomes. Throws settings_error.
identity user_of(const sandbox_setting& s);

/// The capabilities that a program may use while it runs.
capabilities for_ports_below_1024();
capabilities for_packet_filters();

class sandbox {
 public:
  using grants = platform::opener::grants;

  /// Before anything secret is read, and anything listened on; while there are no threads. `files` are those that the
  /// settings name, as they are whenever it is called: now, and later in another process. Throws settings_error.
  sandbox(const sandbox_setting& s, const grants& files);
  sandbox(const sandbox&) = delete;
  sandbox& operator=(const sandbox&) = delete;
  /// Everything that opens files must be gone.
  ~sandbox();

  /// For good. Says in the log what is on. `needed` is what --run-as leaves of the capabilities; without it a program
  /// keeps what there is of those above. Throws settings_error.
  void enter(const capabilities& needed);
  /// The settings are about to be read again, and may name other files.
  void renew_files();

 private:
  void give_directory_away() const;
  void take_user(const capabilities& needed);

  sandbox_setting settings_;
  identity user_;
  std::unique_ptr<platform::opener> opener_;
  std::string no_files_;  // why not
};

}  // namespace mtcp::program
