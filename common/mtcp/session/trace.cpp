#include "mtcp/session/trace.hpp"

namespace mtcp::trace {
namespace {

std::string of_user(const std::string& user) { return user.empty() ? std::string() : " of " + user; }
std::string name_of(core::bridge_id bridge) { return "bridge " + std::to_string(bridge); }

struct teller {
  std::string operator()(const session_begun& e) const { return "session " + e.name + of_user(e.user); }
  std::string operator()(const session_over& e) const {
    return e.user.empty() ? e.why : "session " + e.name + of_user(e.user) + " over: " + e.why;
  }
  std::string operator()(const server_leaving&) const { return "the server is about to leave"; }
  std::string operator()(const no_bridge_left&) const { return "no bridge is left: streams wait"; }
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
  std::string operator()(const bridge_lost& e) const {
    return name_of(e.bridge) + " lost " + e.where + ": " + e.why.message();
  }
  std::string operator()(const bridge_enabled& e) const {
    return name_of(e.bridge) + (e.on ? " enabled" : " disabled");
  }
};

}  // namespace

std::string to_string(const event& what) { return std::visit(teller{}, what); }

bool is_notable(const event& what) {
  const auto* up = std::get_if<bridge_up>(&what);
  const auto* gone = std::get_if<bridge_retired>(&what);
  if ((up != nullptr && up->routine) || (gone != nullptr && gone->routine)) return false;
  return !std::holds_alternative<dialling>(what) && !std::holds_alternative<bridge_suspected>(what);
}

}  // namespace mtcp::trace
