// What mtcp-client is told by its command line, environment and file.
#pragma once

#include <spdlog/common.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "line/command.hpp"
#include "mtcp/options.hpp"
#include "mtcp/types.hpp"
#include "path_option.hpp"
#include "program/options.hpp"
#include "program/sandbox.hpp"
#include "program/share_url.hpp"
#include "rule_options.hpp"
#include "status/program.hpp"

namespace mtcp::client {

/// A local port that leads to one destination.
struct forward {
  core::target listen;
  core::target to;
  friend bool operator==(const forward&, const forward&) = default;
};

/// Where a tunnel leads: a key and paths, or a URL that holds both.
struct tunnel_settings {
  std::string key_file{};
  std::string url_file{};             ///< instead of a key file and paths; see take_url()
  path_setting url_path{};            ///< what every path of the URL has besides its server
  bool bridges_given = false;         ///< url_path.bridges comes before what the URL says
  std::vector<path_setting> paths{};  ///< at least one, or empty until take_url()
};

/// The tunnel that new connections take as long as it works, and everything else.
struct settings : tunnel_settings {
  enum class action { serve, health, top, reload, check, env, test };
  action what = action::serve;
  std::vector<tunnel_settings> fallbacks;  ///< in the user's order, for while those before do not work
  core::hedging hedge = core::hedging::learnt;
  unsigned min_protocol = 1;
  std::vector<core::target> socks;      ///< empty: no SOCKS listener
  bool socks_open = false;              ///< the SOCKS listener may be reached from other machines without a password
  std::string users_file;               ///< who may use the SOCKS listener; empty: everybody
  std::string udp_advertise;            ///< an address; empty: the one that an application has reached
  std::chrono::seconds keep_alive{60};  ///< of applications' connections; 0: none
  std::chrono::milliseconds resume_timeout = default_resume_timeout;  ///< so long streams outlive the last bridge
  bool fast_open = false;
  std::chrono::milliseconds connect_wait{5'000};  ///< so long requests wait while no bridge is up
  std::vector<forward> forwards;
  std::vector<reverse_options> reverses;  ///< what the server is to listen on
  std::vector<core::target> transparent;  ///< where a packet filter sends what is to go through the tunnel
  std::uint32_t mark = 0;                 ///< of what the client itself sends (SO_MARK); 0 for none
  std::string state_dir;                  ///< empty: nothing outlives the program
  std::string on_event;                   ///< the command that is told what happens; empty for none
  bool destinations = true;               ///< totals and closed streams name them
  rule_settings rules;
  status::setting status;
  program::sandbox_setting sandbox;
  bool once = false;   ///< top prints one picture
  bool fish = false;   ///< env speaks to the shell fish
  bool unset = false;  ///< env takes its variables away
  test_request test;
  spdlog::level::level_enum log_level = spdlog::level::info;

  /// The first one and the fallbacks.
  std::vector<const tunnel_settings*> all_tunnels() const;
  /// Also of all their paths.
  void set_mark(std::uint32_t value);
};

/// Throws program::settings_error if a proxy at one of `socks` would be open to everybody although that was not asked
/// for.
void require_guard(const settings& s, const std::vector<core::target>& socks);

/// What url_file said: sets the paths. Throws key_error if it holds a bad number of bridges, and settings_error if the
/// proxy does not suit it.
void take_url(tunnel_settings& s, const program::share_url& url);

/// The files that these settings name, and what is done to them while the program runs.
std::vector<platform::file_grant> files_of(const settings& s);
/// What --run-as leaves a program of its privileges.
program::capabilities capabilities_of(const settings& s);

/// Pure but for reading the file that --config names. Throws program::settings_error and program::information.
settings read_settings(std::vector<std::string> arguments, const program::environment& variables);

}  // namespace mtcp::client
