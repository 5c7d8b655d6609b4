#include "audit_entry.hpp"

#include <utility>

namespace mtcp::server {
namespace {

std::string text_of(relayed::ending how, const std::string& other_end) {
  switch (how) {
    case relayed::ending::closed:
      return "closed";
    case relayed::ending::remote_reset:
      return "reset by the client, or its tunnel was lost";
    case relayed::ending::local_reset:
      return "reset by the " + other_end;
    case relayed::ending::aborted:
      break;
  }
  return "ended by the server";
}

}  // namespace

audit_entry::audit_entry(audit_log& log, const incoming& request) : log_(log) {
  if (!log.is_on()) return;
  client whose{request.user(), request.owner(), request.from(), request.session()};
  kept_ = std::make_unique<details>(details{std::move(whose), "stream", "destination", clock::now(), {}});
  kept_->told.to = core::is_association(request.target()) ? "" : to_string(request.target());
}

audit_entry::audit_entry(audit_log& log, const client& whose, std::string here, std::string from) : log_(log) {
  if (!log.is_on()) return;
  kept_ = std::make_unique<details>(details{whose, "accepted", "visitor", clock::now(), {}});
  kept_->told.to = std::move(here);
  kept_->told.address = std::move(from);
}

void audit_entry::write(const char* event, std::string_view why) {
  audit_log::record& told = kept_->told;
  told.event = event;
  told.user = kept_->whose.user;
  told.key = kept_->whose.key;
  told.from = kept_->whose.from;
  told.session = kept_->whose.session;
  told.lasted = clock::now() - kept_->since;
  told.ended = why;
  log_.write(told);
}

void audit_entry::refused(const std::string& why) {
  if (kept_) write("refused", why);
}

void audit_entry::reached(std::string address) {
  if (kept_) kept_->told.address = std::move(address);
}

void audit_entry::ended(const relayed& how) {
  if (!kept_) return;
  kept_->told.bytes_up = how.to_local;
  kept_->told.bytes_down = how.from_local;
  write(kept_->kind, text_of(how.how, kept_->other_end));
}

void audit_entry::ended(const udp_traffic& carried) {
  if (!kept_) return;
  kept_->told.bytes_up = carried.bytes_up;
  kept_->told.bytes_down = carried.bytes_down;
  kept_->told.destinations = carried.destinations;
  write("udp", "closed");
}

}  // namespace mtcp::server
