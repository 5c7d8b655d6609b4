// Errors for layers that do not know Asio: what a WELCOME means to the client, and errors that have a name in
// asio::error too.
#pragma once

#include "mtcp/core/wire/hello.hpp"
#include "mtcp/error.hpp"

namespace mtcp {

/// What a WELCOME's status means to the client; no error for `ok`.
error_code to_error(core::welcome_status status) noexcept;

/// Errors of asio::error, for layers that do not know Asio.
error_code connection_reset() noexcept;
error_code connection_refused() noexcept;
error_code operation_aborted() noexcept;
error_code timed_out() noexcept;

}  // namespace mtcp
