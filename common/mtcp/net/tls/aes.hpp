// Whose AES encrypts the bridges. It decides what a gigabyte costs, and is settled once per process, at run time.
#pragma once

#include <string>

namespace mtcp {

/// For people: "Intel's multi-buffer library 1.3.0", or "OpenSSL 3.0.17 (...)" with the reason why not the former. The
/// first call takes some milliseconds: it tries the library on known answers.
const std::string& aes_in_use();

}  // namespace mtcp
