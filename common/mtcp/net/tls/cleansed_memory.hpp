// OpenSSL's memory, overwritten when it is given back: OpenSSL leaves secrets of connections that are over in memory
// that it frees (its issues 30849 and 32288), and a disclosure of memory hours later would open what was recorded.
// Small blocks, in which its secrets are, are not swapped out, as far as there is room (platform/secret_memory.hpp).
#pragma once

namespace mtcp {

/// For the rest of the process. To be called before anything of OpenSSL is; false if it comes too late, or if somebody
/// else has a say in OpenSSL's memory already. Costs some processor time at the end of handshakes, none of records.
bool cleanse_freed_secrets() noexcept;

}  // namespace mtcp
