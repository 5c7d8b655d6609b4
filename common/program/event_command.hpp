// --on-event: a command that is told what happens to paths and tunnels. It is run without a shell or arguments; what
// happened is in its environment. One at a time: what happens meanwhile waits (event_queue.hpp), and one that hangs is
// ended.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <optional>
#include <string>

#include "mtcp/async.hpp"
#include "program/command_process.hpp"
#include "program/event_queue.hpp"
#include "program/options.hpp"
#include "program/sandbox.hpp"

namespace mtcp::program {

option on_event_option(const std::string& events);
/// The whole name of a file that can be run; empty if the option is not given. Throws settings_error.
std::string on_event_of(const values& given);

/// Null if there is no command. Before the sandbox, threads and secrets. As whom it runs is --run-as, if that is given.
std::unique_ptr<command_process> start_command(const std::string& command, const sandbox_setting& s);

class event_command {
 public:
  /// `by` may be null: then nobody is told of anything.
  event_command(const executor& where, command_process* by);
  event_command(const event_command&) = delete;
  event_command& operator=(const event_command&) = delete;
  ~event_command();

  bool is_on() const noexcept { return by_ != nullptr; }
  void tell(event what);
  /// Takes nothing more, and waits for nothing: an event loop may end.
  void stop();

 private:
  void run_next();
  void on_end();

  command_process* by_;
  event_queue waiting_;
  asio::posix::basic_stream_descriptor<executor> ends_;
  std::string running_;  // the name of the event; empty while none is
  bool lost_ = false;
};

}  // namespace mtcp::program
