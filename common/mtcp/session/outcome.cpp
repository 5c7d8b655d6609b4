#include "mtcp/session/outcome.hpp"

#include <cerrno>

namespace mtcp {

error_code to_error(core::welcome_status status) noexcept {
  switch (status) {
    case core::welcome_status::ok:
      return {};
    case core::welcome_status::unknown_session:
      return errc::unknown_session;
    case core::welcome_status::foreign_instance:
      return errc::foreign_instance;
    case core::welcome_status::limit:
      return errc::limit_reached;
    case core::welcome_status::version:
      return errc::version_mismatch;
    case core::welcome_status::refused:
      return errc::refused;
  }
  return errc::refused;
}

error_code to_error(const core::welcome& got) noexcept {
  const auto why = got.status == core::welcome_status::limit ? core::reason_of(got.extensions) : std::nullopt;
  if (why == core::limit_reason::quota) return errc::quota_used_up;
  if (why == core::limit_reason::bridges) return errc::too_many_bridges;
  return to_error(got.status);
}

error_code connection_reset() noexcept { return {ECONNRESET, boost::system::system_category()}; }
error_code connection_refused() noexcept { return {ECONNREFUSED, boost::system::system_category()}; }
error_code operation_aborted() noexcept { return {ECANCELED, boost::system::system_category()}; }
error_code timed_out() noexcept { return {ETIMEDOUT, boost::system::system_category()}; }

bool means(const error_code& why, const error_code& what) noexcept {
  return why.default_error_condition() == what.default_error_condition();
}

}  // namespace mtcp
