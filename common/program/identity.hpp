// --run-as: the user that a program becomes once it has its ports and files, and what privileges it keeps.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace mtcp::program {

struct identity {
  uid_t user = 0;
  gid_t group = 0;
  std::string name;  ///< of the user, or its number
};

/// `text` is USER, USER:GROUP, UID or UID:GID. Throws std::invalid_argument, saying what is wrong with it.
identity find_identity(const std::string& text);

/// What Linux calls capabilities (capabilities(7)), by their numbers.
using capabilities = std::vector<int>;

/// Becomes that user, for good, in no group but his own, and keeps those of `kept` that it has. Throws
/// boost::system::system_error. While there is one thread.
void become(const identity& who, const capabilities& kept);

/// Gives up all but `kept`, for good.
void keep_only(const capabilities& kept);

/// "no capabilities", or which.
std::string capabilities_in_words();

}  // namespace mtcp::program
