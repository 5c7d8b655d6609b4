// A name and a password, in every protocol of the local port, and what follows a wrong one.
#pragma once

#include <string>

#include "dialogue.hpp"
#include "local_port.hpp"

namespace mtcp::client {

enum class login : std::uint8_t {
  right,
  wrong,
  refused,  ///< it was not looked at: this address has sent too many wrong ones
};

/// From now on the application is no newcomer, if the login is right. A refused one is counted, and told of now and
/// then.
login check_login(const local_port& port, dialogue& with, const std::string& name, const std::string& password);

/// Counts a wrong one, says so in the log now and then, and waits: the longer the more often this address has failed.
task<> failed_login(program::failed_logins& all, dialogue& with, std::string name);

}  // namespace mtcp::client
