// A machine whose uplinks come and go, with mtcp-client on it, and an internet with mtcp-server in it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "integration/deployment.hpp"
#include "integration/status.hpp"
#include "support/network_place.hpp"

namespace mtcp::lab {

class roaming_lab {
 public:
  /// Why there can be none here; empty if there can.
  static std::string missing();

  roaming_lab();

  /// A cable to the internet; `number` makes its addresses.
  void plug_in(const std::string& interface, int number) const;
  /// Its way to everywhere.
  void add_default_route(const std::string& interface, int number, int metric) const;
  void start_client(const std::vector<std::string>& options);
  /// The client's words; and these as soon as they are so.
  nlohmann::json stats() const;
  nlohmann::json stats_when(const std::function<bool(const nlohmann::json&)>& is_so) const;
  /// Waits until these are its paths, in any order, with all their bridges.
  nlohmann::json wait_for_paths(const std::vector<std::string>& names) const;
  /// A stream to a destination in the internet.
  socket stream_to(std::uint16_t port) const;

  static constexpr const char* server_address = "203.0.113.10";  ///< and that of destinations

  network_place machine, internet;
  temp_dir files;
  std::string key = make_key(files);
  std::unique_ptr<process> server, client;
};

/// The names of the paths in a document of statistics.
std::vector<std::string> paths_in(const nlohmann::json& stats);

}  // namespace mtcp::lab
