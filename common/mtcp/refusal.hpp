// core::refusal, the server's answer to an OPEN that it did not grant, as an error_code: what async_open completes
// with.
#pragma once

#include <boost/system/error_code.hpp>
#include <optional>
#include <type_traits>

#include "mtcp/types.hpp"

namespace mtcp {

const boost::system::error_category& refusal_category() noexcept;
/// Empty if `error` is of another category.
std::optional<core::refusal> refusal_of(const boost::system::error_code& error) noexcept;

}  // namespace mtcp

namespace mtcp::core {
boost::system::error_code make_error_code(refusal value) noexcept;  // here, where lookup finds it
}

namespace boost::system {
template <>
struct is_error_code_enum<mtcp::core::refusal> : std::true_type {};
}  // namespace boost::system
