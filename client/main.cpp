// mtcp-client: a local proxy whose connections share many TCP connections to one server.
#include "check.hpp"
#include "client.hpp"
#include "program/process.hpp"
#include "settings.hpp"
#include "top/top.hpp"

namespace {

int run(const std::vector<std::string>& arguments) {
  using namespace mtcp;
  program::prepare_process();
  client::settings s = client::read_settings(arguments, program::process_environment);
  if (s.what == client::settings::action::health) return status::run_health(s.status);
  if (s.what == client::settings::action::top) return top::run_top(s.status, s.once);
  program::start_log("mtcp-client", s.log_level);
  client::key_source source;
  key secret = source.load(s);
  if (s.what == client::settings::action::check) return client::print_settings(s, secret);
  asio::io_context io(1);
  program::signal_set signals = program::stop_signals(io);
  client::client program(io, s, std::move(secret));
  const auto reload = [&] {
    client::settings again = client::read_settings(arguments, program::process_environment);
    key fresh = source.load(again);
    program.reload(again, std::move(fresh));
  };
  program::run_until_drained(io, signals, program.run(), {[&] { program.drain(); }, reload});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return mtcp::program::run_main("mtcp-client", [&] { return run({argv + 1, argv + argc}); });
}
