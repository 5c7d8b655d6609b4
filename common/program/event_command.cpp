#include "program/event_command.hpp"

#include <spdlog/spdlog.h>
#include <sysexits.h>
#include <unistd.h>

#include <boost/system/system_error.hpp>
#include <utility>

#include "mtcp/net/platform/last_error.hpp"

namespace mtcp::program {

option on_event_option(const std::string& events) {
  return {"on-event", "COMMAND",
          "run COMMAND, the whole name of a program, when something happens: " + events +
              ". What it is stands in its environment (MTCP_EVENT and others); one at a time, at most 30 s long"};
}

std::string on_event_of(const values& given) {
  std::string command = given.text("on-event");
  if (command.empty()) return command;
  const auto refuse = [&](const std::string& why) {
    throw settings_error(EX_CONFIG, given.origin("on-event") + ": '" + command + "': " + why);
  };
  if (!command.starts_with('/')) refuse("expected the whole name of a program, such as /etc/mtcp/on-event");
  if (::access(command.c_str(), X_OK) != 0) refuse(platform::last_error().message());
  return command;
}

std::unique_ptr<command_process> start_command(const std::string& command, const sandbox_setting& s) {
  if (command.empty()) return nullptr;
  command_process::options what{.command = command};
  if (!s.run_as.empty()) what.user = user_of(s);
  try {
    return std::make_unique<command_process>(what);
  } catch (const boost::system::system_error& e) {
    throw settings_error(EX_OSERR, "--on-event: there can be no process for it: " + e.code().message());
  }
}

event_command::event_command(const executor& where, command_process* by) : by_(by), ends_(where) {
  if (by_ != nullptr) ends_.assign(by_->descriptor());
}

// The descriptor is the other one's.
event_command::~event_command() { stop(); }

void event_command::stop() {
  if (ends_.is_open()) ends_.release();
  by_ = nullptr;
}

void event_command::tell(event what) {
  if (by_ == nullptr) return;
  if (!waiting_.add(std::move(what)) && !std::exchange(lost_, true))
    spdlog::warn("--on-event: more happens than the command is run for: the oldest events are left out");
  if (running_.empty()) run_next();
}

void event_command::run_next() {
  running_.clear();
  auto next = waiting_.next();
  if (!next) {
    lost_ = false;
    return;
  }
  running_ = next->name;
  next->variables.emplace_back("MTCP_EVENT", next->name);
  by_->run(next->variables);
  ends_.async_wait(asio::posix::descriptor_base::wait_read, [this](error_code error) {
    if (!error && by_ != nullptr) on_end();
  });
}

void event_command::on_end() {
  const command_end end = by_->end();
  if (!end.well()) spdlog::warn("--on-event, {}: {}", running_, in_words(end));
  if (end.error == EPIPE) return stop();  // it is gone
  run_next();
}

}  // namespace mtcp::program
