// All that a client needs to reach a server, in one string to copy or to scan:
//
//   mtcp://KEY@HOST[:PORT[-LAST]],HOST2[:PORT]...[?bridges=N][#NAME]
//
// In the manner of RFC 3986, but for the list of hosts. NAME is percent-encoded UTF-8, what the user calls it. The URL
// holds the key: it is a secret, to be kept in files of mode 0600 and never on a command line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mtcp/key.hpp"
#include "program/host_ports.hpp"

namespace mtcp::program {

struct share_url {
  key secret;
  std::vector<host_ports> servers;  ///< at least one
  std::string bridges{};            ///< as --bridges takes it; empty leaves it to the client
  std::string name{};               ///< UTF-8 without control characters, at most 64 bytes; may be empty
};

/// Spaces and line ends around it do not matter. Throws key_error (malformed), which does not quote the key.
share_url parse_share_url(std::string_view text);
/// The inverse. What it returns is secret.
std::string to_string(const share_url& url);

/// Reads one from `file`, which must be as private as a key file, or from standard input if it is "-". Throws
/// key_error, which names the file.
share_url load_share_url(const std::string& file);

}  // namespace mtcp::program
