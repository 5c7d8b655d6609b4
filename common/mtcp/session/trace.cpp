#include "mtcp/session/trace.hpp"

#include <chrono>
#include <utility>

#include "mtcp/core/event.hpp"
#include "mtcp/reverse_options.hpp"

namespace mtcp::trace {
namespace {

std::string of_user(const std::string& user) { return user.empty() ? std::string() : " of " + user; }
std::string name_of(core::bridge_id bridge) { return "bridge " + std::to_string(bridge); }

std::string stalled_for(core::duration time) {
  if (time <= core::duration::zero()) return {};
  return " after " + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + " ms";
}

const char* reason(core::suspicion why) {
  switch (why) {
    case core::suspicion::overtaken:
      return "what was sent later on others is acknowledged";
    case core::suspicion::others_live:
      return "others are heard from";
    case core::suspicion::silence:
      return "nothing is heard from any bridge";
    default:
      return "the peer says so";
  }
}

const char* reason(core::resend why) {
  switch (why) {
    case core::resend::lost:
      return "it is lost";
    case core::resend::suspected:
      return "it is suspect";
    case core::resend::late:
      return "they are late";
    default:
      return "it would be later";
  }
}

struct engine_teller {
  std::string operator()(const core::traced::suspected& e) const {
    return name_of(e.bridge) + " suspect" + stalled_for(e.silent_for) + ": " + reason(e.why);
  }
  std::string operator()(const core::traced::recovered& e) const {
    return name_of(e.bridge) +
           " recovered: " + (e.by == core::recovery::ack ? "a frame is acknowledged" : "a PING is answered");
  }
  std::string operator()(const core::traced::resent& e) const {
    return std::to_string(e.frames) + (e.frames == 1 ? " frame" : " frames") + " of " + name_of(e.bridge) +
           " sent again" + (e.on == 0 ? "" : " on " + name_of(e.on)) + ", " + std::to_string(e.bytes) +
           " bytes of streams: " + reason(e.why);
  }
  std::string operator()(const core::traced::paced& e) const {
    return name_of(e.bridge) + " has a rate of " + std::to_string(e.rate) + " bytes/s, and a cap of " +
           std::to_string(e.cap) + " bytes";
  }
};

struct teller {
  std::string operator()(const session_begun& e) const { return "session " + e.name + of_user(e.user); }
  std::string operator()(const session_over& e) const {
    return e.user.empty() ? e.why : "session " + e.name + of_user(e.user) + " over: " + e.why;
  }
  std::string operator()(const server_leaving&) const { return "the server is about to leave"; }
  std::string operator()(const no_bridge_left&) const { return "no bridge is left: streams wait"; }
  std::string operator()(const path_comes& e) const { return "path " + e.path + " has come"; }
  std::string operator()(const path_goes& e) const { return "path " + e.path + " is gone"; }
  std::string operator()(const path_changed& e) const {
    const std::string limit =
        e.rate_limit == 0 ? "" : ", at most " + std::to_string(e.rate_limit) + " bytes/s each way";
    return "path " + e.path + " changed: role " + name_of(e.role) + limit;
  }
  std::string operator()(const dialling& e) const { return "dialling on " + e.path; }
  std::string operator()(const dial_failed& e) const { return "no bridge on " + e.path + ": " + e.why.message(); }
  std::string operator()(const bridge_up& e) const { return name_of(e.bridge) + " up " + e.where; }
  std::string operator()(const bridge_suspected& e) const { return name_of(e.bridge) + " suspect " + e.where; }
  std::string operator()(const bridge_retired& e) const {
    return name_of(e.bridge) + " let go " + e.where + ": " + e.why.message();
  }
  std::string operator()(const path_freezes& e) const {
    std::string text = "connections on " + e.path;
    if (e.up == 0 && e.down == 0) return text + " do not freeze any more";
    text += " freeze after ";
    if (e.down != 0) text += std::to_string(e.down) + " bytes down";
    if (e.up != 0) text += (e.down != 0 ? " or " : "") + std::to_string(e.up) + " bytes up";
    return text + ": bridges give way before";
  }
  std::string operator()(const path_mtu& e) const {
    if (!e.only_small) return "large packets get through on " + e.path + " again";
    return "only small packets seem to get through on " + e.path +
           ": bridges come up, and fall silent with their first large packet. If its MTU is smaller than it says, " +
           "mss=1200 on the path helps";
  }
  std::string operator()(const bridge_lost& e) const {
    return name_of(e.bridge) + " lost " + e.where + ": " + e.why.message();
  }
  std::string operator()(const bridge_outgoing& e) const {
    return name_of(e.bridge) + " gives way " + e.where + ": " + e.why;
  }
  std::string operator()(const listener_change& e) const {
    const std::string name = "reverse " + listen_name(e.listen) + ": ";
    return name + (e.why.empty() ? "the server listens on " + listen_name(e.bound) : e.why);
  }
  std::string operator()(const not_taken& e) const {
    return "session " + e.session + ": the connection of stream " + std::to_string(e.stream) +
           " was not taken: " + e.why.message();
  }
  std::string operator()(const quota_used_up& e) const {
    return e.yes ? "the key has carried all that the server lets it carry this month: streams end, and new ones are "
                   "refused"
                 : "the server lets the key carry more again";
  }
  std::string operator()(const role_used& e) const {
    const std::string whose = e.session.empty() ? std::string() : "session " + e.session + ": ";
    const std::string paths = name_of(e.role) + std::string(" paths ");
    if (!e.on) return whose + paths + "rest again";
    const bool full = e.role == core::path_role::overflow;
    return whose + "the active paths " + (full ? "are full: " : "do badly: ") + paths + "help";
  }
  std::string operator()(const engine_event& e) const {
    const std::string whose = e.session.empty() ? std::string() : "session " + e.session + ": ";
    return whose + std::visit(engine_teller{}, e.what);
  }
  std::string operator()(const bridge_enabled& e) const {
    return name_of(e.bridge) + (e.on ? " enabled" : " disabled");
  }
};

}  // namespace

std::string to_string(const event& what) { return std::visit(teller{}, what); }

bool is_notable(const event& what) {
  return std::visit(core::overloaded{
                        [](const bridge_up& e) { return !e.routine; },
                        [](const bridge_retired& e) { return !e.routine; },
                        [](const dialling&) { return false; },
                        [](const bridge_suspected&) { return false; },
                        [](const bridge_outgoing&) { return false; },
                        [](const not_taken&) { return false; },
                        [](const engine_event&) { return false; },
                        [](const auto&) { return true; },
                    },
                    what);
}

// That a client has left is no news at a server.
event_weight weight_of(const event& what) {
  const auto* over = std::get_if<session_over>(&what);
  const auto* mtu = std::get_if<path_mtu>(&what);
  const auto* listener = std::get_if<listener_change>(&what);
  const auto* quota = std::get_if<quota_used_up>(&what);
  if ((listener != nullptr && listener->why.empty()) || (quota != nullptr && !quota->yes)) return event_weight::news;
  const bool warns = (over != nullptr && over->user.empty()) || (mtu != nullptr && mtu->only_small) || quota != nullptr;
  return warns || listener != nullptr ? event_weight::warning : event_weight::routine;
}

observer lines_for(std::function<void(event_weight, const std::string&)> log, std::function<bool()> looks_closely) {
  if (!looks_closely) looks_closely = [] { return false; };
  const auto tell = [log = std::move(log), looks_closely](const event& what) {
    if (is_notable(what) || looks_closely()) log(weight_of(what), to_string(what));
  };
  return {tell, looks_closely};
}

}  // namespace mtcp::trace
