// mtcp-client: a local proxy whose connections share many TCP connections to one server.
#include "check.hpp"
#include "client.hpp"
#include "line/command.hpp"
#include "program/event_command.hpp"
#include "program/log.hpp"
#include "program/process.hpp"
#include "program/sandbox.hpp"
#include "settings.hpp"
#include "top/top.hpp"

namespace {

using namespace mtcp;

int serve(const std::vector<std::string>& arguments, client::settings s) {
  const auto read = [&arguments] { return client::read_settings(arguments, program::process_environment); };
  const auto on_event = program::start_command(s.on_event, s.sandbox);
  program::sandbox sandbox(s.sandbox, [&read] { return client::files_of(read()); });
  std::vector<key> secrets = client::load_keys(s);
  asio::io_context io(1);
  program::signal_set signals = program::stop_signals(io);
  client::client program(io, s, std::move(secrets), on_event.get());
  const auto reload = [&] {
    sandbox.renew_files();
    client::settings again = read();
    std::vector<key> fresh = client::load_keys(again);
    program.reload(again, std::move(fresh));
  };
  const program::reactions on{[&] { program.drain(); }, reload};
  program.offer_reload([&on] { return program::reload(on, "control"); });
  sandbox.enter(client::capabilities_of(s));
  program::run_until_drained(io, signals, program.run(), on);
  return 0;
}

int run(const std::vector<std::string>& arguments) {
  program::prepare_process();
  client::settings s = client::read_settings(arguments, program::process_environment);
  switch (s.what) {
    using enum client::settings::action;
    case health:
      return status::run_health(s.status);
    case top:
      return top::run_top(s.status, s.once);
    case reload:
      return status::run_reload(s.status);
    case env:
      return client::print_env(s);
    case check:
    case test:
    case serve:
      break;
  }
  program::start_log("mtcp-client", s.log_level);
  if (s.what == client::settings::action::serve) return ::serve(arguments, std::move(s));
  std::vector<key> secrets = client::load_keys(s);
  if (s.what == client::settings::action::check) return client::print_settings(s, secrets);
  return client::run_test(s, std::move(secrets));
}

}  // namespace

int main(int argc, char** argv) {
  return mtcp::program::run_main("mtcp-client", [&] { return run({argv + 1, argv + argc}); });
}
