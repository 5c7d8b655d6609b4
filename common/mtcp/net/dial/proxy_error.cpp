#include "mtcp/net/dial/proxy_error.hpp"

#include <cerrno>
#include <string>

#include "mtcp/error.hpp"
#include "mtcp/proxy/socks5.hpp"

namespace mtcp {
namespace {

/// Where it failed. An error's value is this, and below it what failed there.
enum class stage : int { reach = 1, greet, ask, behind, said_by_socks5, said_by_http };
/// Whose numbers those of a stage are.
enum class origin : int { system, mtcp };

constexpr int stage_unit = 1 << 20;
constexpr int origin_unit = 1 << 16;
constexpr int kind_unit = 1 << 12;  // of what a proxy said; the reply or status is less

stage stage_of(int value) { return static_cast<stage>(value / stage_unit); }

error_code cause_of(int value) {
  const auto& category = static_cast<origin>(value % stage_unit / origin_unit) == origin::mtcp
                             ? mtcp_category()
                             : static_cast<const boost::system::error_category&>(boost::system::system_category());
  return {value % origin_unit, category};
}

proxy::rejection said(int value) {
  const int what = value % stage_unit;
  return {static_cast<proxy::rejection::kind>(what / kind_unit), static_cast<unsigned>(what % kind_unit)};
}

std::string text_of(int value) {
  switch (stage_of(value)) {
    case stage::reach:
      if (cause_of(value) == errc::name_not_found)
        return "the lookup of the proxy's name failed: there is no such name";
      if (cause_of(value) == errc::lookup_failed)
        return "the lookup of the proxy's name failed: no usable answer from a name server";
      return "the proxy cannot be reached: " + cause_of(value).message();
    case stage::greet:
      if (cause_of(value).value() == ETIMEDOUT) return "the proxy does not answer";
      return "the connection to the proxy failed: " + cause_of(value).message();
    case stage::ask:
      if (cause_of(value).value() == ETIMEDOUT) return "the proxy has not reached the server in time";
      return "the connection to the proxy failed while it was to reach the server: " + cause_of(value).message();
    case stage::behind:
      if (cause_of(value).value() == ETIMEDOUT) return "the server behind the proxy does not answer";
      return "behind the proxy: " + cause_of(value).message();
    case stage::said_by_socks5:
      return to_string(said(value), proxy_options::protocol::socks5);
    case stage::said_by_http:
      return to_string(said(value), proxy_options::protocol::http);
  }
  return "an unknown error of a proxy";
}

class category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "mtcp.proxy"; }
  std::string message(int value) const override { return text_of(value); }
  // A proxy that takes its time (Tor) is no network that blocks who dials, so silence of stages greet and ask is
  // nothing but itself.
  boost::system::error_condition default_error_condition(int value) const noexcept override {
    if (stage_of(value) == stage::reach || stage_of(value) == stage::behind)
      return cause_of(value).default_error_condition();
    const proxy::rejection refused{proxy::rejection::kind::server_refused,
                                   static_cast<unsigned>(proxy::reply::connection_refused)};
    if (stage_of(value) == stage::said_by_socks5 && said(value) == refused)
      return error_code(asio::error::connection_refused).default_error_condition();
    return {value, *this};
  }
};

const category& the_category() {
  static const category instance;
  return instance;
}

error_code wrapped(stage where, const error_code& why) {
  const bool ours = why.category() == mtcp_category();
  if (!ours && why.category() != boost::system::system_category()) return why;
  const auto from = static_cast<int>(ours ? origin::mtcp : origin::system);
  return {static_cast<int>(where) * stage_unit + from * origin_unit + why.value(), the_category()};
}

}  // namespace

error_code proxy_unreachable(const error_code& why) { return wrapped(stage::reach, why); }
error_code proxy_silent(const error_code& why) { return wrapped(stage::greet, why); }
error_code proxy_undecided(const error_code& why) { return wrapped(stage::ask, why); }
error_code behind_proxy(const error_code& why) { return wrapped(stage::behind, why); }

error_code proxy_refused(const proxy::rejection& why, proxy_options::protocol spoken) {
  const stage where = spoken == proxy_options::protocol::http ? stage::said_by_http : stage::said_by_socks5;
  const int what = static_cast<int>(why.what) * kind_unit + static_cast<int>(why.code);
  return {static_cast<int>(where) * stage_unit + what, the_category()};
}

}  // namespace mtcp
