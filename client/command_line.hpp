// The options and commands of the client, with the words of its help.
#pragma once

#include "program/options.hpp"

namespace mtcp::client {

const program::synopsis& command_line();

}  // namespace mtcp::client
