#include "mtcp/refusal.hpp"

#include <string>

namespace mtcp {
namespace {

const char* text(core::refusal why) {
  switch (why) {
    case core::refusal::general:
      return "the server could not reach the destination";
    case core::refusal::policy:
      return "the server's rules forbid this destination";
    case core::refusal::network_unreachable:
      return "the destination's network is unreachable";
    case core::refusal::host_unreachable:
      return "the destination is unreachable or does not resolve";
    case core::refusal::connection_refused:
      return "the destination refused the connection";
    case core::refusal::address_type:
      return "the server does not support this form of address";
    case core::refusal::quota:
      return "the key has carried all that the server lets it carry this month";
  }
  return "refused";
}

class category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "mtcp.refusal"; }
  std::string message(int value) const override { return text(static_cast<core::refusal>(value)); }
};

}  // namespace

const boost::system::error_category& refusal_category() noexcept {
  static const category only;
  return only;
}

std::optional<core::refusal> refusal_of(const boost::system::error_code& error) noexcept {
  if (error.category() != refusal_category()) return {};
  return static_cast<core::refusal>(error.value());
}

}  // namespace mtcp

namespace mtcp::core {
boost::system::error_code make_error_code(refusal value) noexcept {
  return {static_cast<int>(value), refusal_category()};
}
}  // namespace mtcp::core
