// Errors of the layers that know nothing of Asio: what a WELCOME means to the client, and those that have a name in
// asio::error too.
#pragma once

#include "mtcp/core/wire/hello.hpp"
#include "mtcp/error.hpp"

namespace mtcp {

/// What a WELCOME's status means to the client; no error for `ok`.
error_code to_error(core::welcome_status status) noexcept;

/// Those of asio::error, for layers that know nothing of Asio.
error_code connection_reset() noexcept;
error_code connection_refused() noexcept;
error_code operation_aborted() noexcept;
error_code timed_out() noexcept;

}  // namespace mtcp
