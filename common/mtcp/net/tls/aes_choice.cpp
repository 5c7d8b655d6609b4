#include "mtcp/net/tls/aes_choice.hpp"

#include <openssl/crypto.h>

#include "mtcp/net/tls/aes.hpp"

namespace mtcp {
namespace {

std::string version_text(unsigned version) {
  const auto part = [&](unsigned shift) { return std::to_string(version >> shift & 0xffU); };
  return part(16) + "." + part(8) + "." + part(0);
}

std::string library_name(unsigned version) { return "Intel's multi-buffer library " + version_text(version); }

/// Empty if it may be used.
std::string reason_against(const vector_library& library) {
  const unsigned found = library.version();
  if (found != library.built_for)
    return library_name(found) + " is not the " + version_text(library.built_for) + " that this was built with";
  if (const char* why_not = library.prepare()) return why_not;
  if (!passes_self_test(library.make)) return library_name(found) + " gives wrong results";
  return {};
}

}  // namespace

aes_choice choose_aes(const vector_library* library) {
  const std::string why_not = library ? reason_against(*library) : "built without Intel's multi-buffer library";
  if (why_not.empty()) return {library->make, library_name(library->built_for)};
  return {{}, std::string("OpenSSL ") + OpenSSL_version(OPENSSL_VERSION_STRING) + " (" + why_not + ")"};
}

const aes_choice& chosen_aes() {
  static const aes_choice chosen = choose_aes(linked_vector_library());
  return chosen;
}

const std::string& aes_in_use() { return chosen_aes().name; }

}  // namespace mtcp
