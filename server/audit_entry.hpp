// One stream or association in the audit log: what is known from its request on, and how it ended. Costs nothing if
// there is no audit log.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "audit_log.hpp"
#include "mtcp/acceptor.hpp"
#include "mtcp/relay.hpp"
#include "udp_association.hpp"

namespace mtcp::server {

class audit_entry {
 public:
  /// Whose it is.
  struct client {
    std::string user;
    key_id key;
    std::string from, session;
  };

  audit_entry(audit_log& log, const incoming& request);
  /// A connection that was accepted for a client at `here`, from that ADDRESS:PORT.
  audit_entry(audit_log& log, const client& whose, std::string here, std::string from);
  audit_entry(const audit_entry&) = delete;
  audit_entry& operator=(const audit_entry&) = delete;

  /// The destination was not reached, or was not tried.
  void refused(const std::string& why);
  /// It was, at this ADDRESS:PORT.
  void reached(std::string address);
  void ended(const relayed& how);
  void ended(const udp_traffic& carried);

 private:
  using clock = std::chrono::steady_clock;
  struct details {
    client whose;
    const char* kind;       ///< event of a stream that has ended
    const char* other_end;  ///< of it, besides the client
    clock::time_point since;
    audit_log::record told;
  };
  void write(const char* event, std::string_view why);

  audit_log& log_;
  std::unique_ptr<details> kept_;  // null if there is no log
};

}  // namespace mtcp::server
