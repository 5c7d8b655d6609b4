// The tunnel that a client's settings ask for.
#pragma once

#include <string>

#include "mtcp/options.hpp"
#include "program/host_ports.hpp"
#include "program/process.hpp"
#include "settings.hpp"

namespace mtcp::client {

/// `mine` is one of those of `s`.
inline tunnel_options tunnel_options_of(const settings& s, const tunnel_settings& mine, key secret) {
  return {.key = std::move(secret),
          .paths = {mine.paths.begin(), mine.paths.end()},
          .limits = {.hedge = s.hedge},
          .resume_timeout = s.resume_timeout,
          .connect_wait = s.connect_wait,
          .on_event = program::log_event,
          .wants_details = program::logs_details};
}

/// What to call it: where it leads.
inline std::string name_of(const tunnel_settings& t) {
  const path_options& first = t.paths.front();
  return to_string(program::host_ports{first.host, first.port, first.last_port});
}

}  // namespace mtcp::client
