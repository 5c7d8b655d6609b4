#include "failure.hpp"

#include "mtcp/refusal.hpp"

namespace mtcp::client::line {

std::string trouble_of(const course_result& failed, const std::string& where) {
  const auto refused = refusal_of(failed.error);
  if (refused == core::refusal::policy) return "the server does not measure: it was started with --no-test";
  if (refused == core::refusal::general) return "the server has as many tests of this key as it takes: try again later";
  if (refused == core::refusal::quota) return failed.error.message();
  if (refused) return "the server is too old for this, or was started with --no-test";
  return where + ": " + (failed.detail.empty() ? failed.error.message() : failed.detail);
}

}  // namespace mtcp::client::line
