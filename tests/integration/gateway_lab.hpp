// A device that knows its router only, the router with mtcp-client on it, and an internet with mtcp-server in it. The
// router forwards nothing by itself, and nobody out there knows a way back to the device.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "integration/deployment.hpp"
#include "support/network_place.hpp"
#include "support/udp_socket.hpp"

namespace mtcp::lab {

/// The text of the `number`th block of that language in client/GATEWAY.md, such as "nft". Throws std::runtime_error.
std::string documented(const std::string& language, std::size_t number);

class gateway_lab {
 public:
  /// Why there can be none here; empty if there can.
  static std::string missing();

  gateway_lab();

  /// The rules and routes of the document's "A router", and mtcp-client with the settings that it has there.
  void make_router(const std::vector<std::string>& more = {});
  /// Its "One machine", but for the user whom the rules leave out.
  void make_machine(const std::string& user, const std::vector<std::string>& wrapper = {});
  void load_rules(const std::string& text) const;
  /// Runs a script there.
  void run_script(const std::string& text) const;
  void start_client(const std::string& settings, const std::vector<std::string>& more,
                    const std::vector<std::string>& wrapper = {});
  /// Until the tunnel is up.
  void wait_for_tunnel() { client->expect("tunnel up"); }

  network_place device, router, internet;
  temp_dir files;
  std::string key = make_key(files);
  std::unique_ptr<process> server, client;
};

// Where everything is.
inline const std::string on_the_net[] = {"203.0.113.10", "2001:db8:53::10"};  // destinations, by family
inline const std::string device_address[] = {"192.168.77.2", "fd77::2"};
inline const std::string router_address[] = {"192.168.77.1", "fd77::1"};

}  // namespace mtcp::lab
