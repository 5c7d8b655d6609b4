// The two ends of OpenSSL's handshake, without a socket and without BIO_s_mem's copies: it takes records straight out
// of the buffer that the socket was read into, and appends records to the buffer that will be sent.
#pragma once

#include <openssl/bio.h>

#include <cstddef>
#include <span>
#include <vector>

namespace mtcp {

struct tls_wire {
  std::span<const std::byte> in;          ///< what OpenSSL may still read
  std::vector<std::byte>* out = nullptr;  ///< where it writes; must be set while OpenSSL may write
};

/// A BIO on `wire`, which must outlive it. The caller owns the BIO. Throws std::bad_alloc.
BIO* make_bio(tls_wire& wire);

}  // namespace mtcp
