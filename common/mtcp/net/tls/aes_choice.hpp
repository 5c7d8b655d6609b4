// Which implementation of AES-128-GCM this process uses: OpenSSL's, unless Intel's multi-buffer library was there for
// the build, is the same at run time, and gives right results.
//
// Its interface has structures whose size and layout the header gives. Its releases 1.3 to 1.5 share one soname
// although these structures grow: a library of another version would write beyond our key. So nothing of it is called
// before its version
// is known.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "mtcp/net/tls/record_cipher.hpp"

namespace mtcp {

using aes_maker = std::function<std::unique_ptr<record_cipher>(record_cipher::use, std::span<const std::byte> key)>;

/// The library as the choice sees it. The functions are called in this order, each only if those before it found
/// nothing wrong.
struct vector_library {
  unsigned built_for = 0;                ///< version: a byte each for major, minor and patch
  std::function<unsigned()> version;     ///< of what was found at run time
  std::function<const char*()> prepare;  ///< null, or why it cannot be used on this machine
  aes_maker make;
};

struct aes_choice {
  aes_maker make;    ///< empty: OpenSSL's
  std::string name;  ///< and the reason, for people
};

/// Null: built without the library.
aes_choice choose_aes(const vector_library* library);
/// The choice of this process, made by the first call.
const aes_choice& chosen_aes();

/// What this program is linked with; null if nothing.
const vector_library* linked_vector_library();

/// Whether such ciphers give the published result and, at sizes where vector code takes another way, that of OpenSSL:
/// sealing and opening, whole and in odd pieces, one record after the other; and refuse what was forged.
bool passes_self_test(const aes_maker& make);

}  // namespace mtcp
