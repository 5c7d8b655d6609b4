// mtcp-server: the far end of the tunnels of mtcp-client, and the maker of their keys.
#include <spdlog/spdlog.h>

#include <utility>

#include "check.hpp"
#include "granted_keys.hpp"
#include "keygen.hpp"
#include "program/event_command.hpp"
#include "program/log.hpp"
#include "program/process.hpp"
#include "program/sandbox.hpp"
#include "server.hpp"
#include "settings.hpp"
#include "top/top.hpp"
#include "url.hpp"

namespace {

int serve(const std::vector<std::string>& arguments, const mtcp::server::settings& s) {
  using namespace mtcp;
  program::start_log("mtcp-server", s.log_level);
  const auto read = [&arguments] { return server::read_settings(arguments, program::process_environment); };
  const auto on_event = program::start_command(s.on_event, s.sandbox);
  program::sandbox sandbox(s.sandbox, [&read] { return server::files_of(read()); });
  asio::io_context io(1);
  program::signal_set signals = program::stop_signals(io);
  server::granted_keys keys = server::load_keys(s.key_file);
  const program::capabilities needed = server::capabilities_of(s, server::listen_rules_of(keys));
  server::server program(io, s, std::move(keys), on_event.get());
  const auto reload = [&] {
    sandbox.renew_files();
    const server::settings again = read();
    program.reload(again, server::load_keys(again.key_file));
  };
  const program::reactions on{[&] { program.drain(); }, reload};
  program.offer_reload([&on] { return program::reload(on, "control"); });
  sandbox.enter(needed);
  program::run_until_drained(io, signals, program.run(), on);
  return 0;
}

int run(const std::vector<std::string>& arguments) {
  using namespace mtcp;
  program::prepare_process();
  const server::settings s = server::read_settings(arguments, program::process_environment);
  switch (s.what) {
    using enum server::settings::action;
    case keygen:
      return server::make_key(s.keygen);
    case url:
      return server::print_url(s);
    case health:
      return status::run_health(s.status);
    case top:
      return top::run_top(s.status, s.once);
    case reload:
      return status::run_reload(s.status);
    case check:
      return server::print_settings(s);
    case serve:
      break;
  }
  return serve(arguments, s);
}

}  // namespace

int main(int argc, char** argv) {
  return mtcp::program::run_main("mtcp-server", [&] { return run({argv + 1, argv + argc}); });
}
