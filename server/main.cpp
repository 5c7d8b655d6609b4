// mtcp-server: the far end of the tunnels of mtcp-client, and the maker of their keys.
#include <spdlog/spdlog.h>

#include <cstdio>

#include "mtcp/net/key_ring.hpp"
#include "program/process.hpp"
#include "server.hpp"
#include "settings.hpp"
#include "top/top.hpp"

namespace {

int print_key() {
  std::puts(mtcp::key::generate().to_string().c_str());
  return 0;
}

int run(std::vector<std::string> arguments) {
  using namespace mtcp;
  program::prepare_process();
  const server::settings s = server::read_settings(std::move(arguments), program::process_environment);
  if (s.what == server::settings::action::keygen) return print_key();
  if (s.what == server::settings::action::health) return status::run_health(s.status);
  if (s.what == server::settings::action::top) return top::run_top(s.status, s.once);
  program::start_log("mtcp-server", s.log_level);
  asio::io_context io(1);
  program::signal_set signals = program::stop_signals(io);
  server::server program(io, s, load_key_file(s.key_file));
  program::run_until_drained(io, signals, program.run(), [&] { program.drain(); });
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return mtcp::program::run_main("mtcp-server", [&] { return run({argv + 1, argv + argc}); });
}
