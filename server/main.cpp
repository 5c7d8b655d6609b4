// mtcp-server: the far end of the tunnels of mtcp-client, and the maker of their keys.
#include <spdlog/spdlog.h>

#include "check.hpp"
#include "keygen.hpp"
#include "mtcp/key_ring.hpp"
#include "program/process.hpp"
#include "server.hpp"
#include "settings.hpp"
#include "top/top.hpp"
#include "url.hpp"

namespace {

int serve(const std::vector<std::string>& arguments, const mtcp::server::settings& s) {
  using namespace mtcp;
  program::start_log("mtcp-server", s.log_level);
  asio::io_context io(1);
  program::signal_set signals = program::stop_signals(io);
  server::server program(io, s, load_key_file(s.key_file));
  const auto reload = [&] {
    const server::settings again = server::read_settings(arguments, program::process_environment);
    program.reload(again, load_key_file(again.key_file));
  };
  program::run_until_drained(io, signals, program.run(), {[&] { program.drain(); }, reload});
  return 0;
}

int run(const std::vector<std::string>& arguments) {
  using namespace mtcp;
  program::prepare_process();
  const server::settings s = server::read_settings(arguments, program::process_environment);
  switch (s.what) {
    using enum server::settings::action;
    case keygen:
      return server::make_key(s.output);
    case url:
      return server::print_url(s);
    case health:
      return status::run_health(s.status);
    case top:
      return top::run_top(s.status, s.once);
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
