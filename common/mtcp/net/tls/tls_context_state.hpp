// The inside of a tls_context, for the driver only.
#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "mtcp/net/tls/replay_memory.hpp"
#include "mtcp/net/tls/tls_context.hpp"

namespace mtcp {

struct tls_context::state {
  struct free_context {
    void operator()(SSL_CTX* p) const noexcept { SSL_CTX_free(p); }
  };
  std::unique_ptr<SSL_CTX, free_context> ssl;
  tls_options options;
  bool server = false;
  key_ring keys;                        ///< server only
  secret_bytes decoy;                   ///< server only: stands in for keys that it does not have
  std::shared_ptr<replay_memory> seen;  ///< server only
};

}  // namespace mtcp
