// mtcp-client: a local proxy whose connections share many TCP connections to one server.
#include <spdlog/spdlog.h>

#include "client.hpp"
#include "mtcp/net/key_ring.hpp"
#include "program/process.hpp"
#include "settings.hpp"

namespace {

int run(std::vector<std::string> arguments) {
  using namespace mtcp;
  program::prepare_process();
  const client::settings s = client::read_settings(std::move(arguments), program::process_environment);
  if (s.what == client::settings::action::health) return status::run_health(s.status);
  program::start_log("mtcp-client", s.log_level);
  const key_ring keys = load_key_file(s.key_file);
  if (keys.size() > 1) spdlog::warn("{} holds several keys; the first is used", s.key_file);
  asio::io_context io(1);
  program::signal_set signals = program::stop_signals(io);
  client::client program(io, s, *keys.entries().front());
  program::run_until_drained(io, signals, program.run(), [&] { program.drain(); });
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return mtcp::program::run_main("mtcp-client", [&] { return run({argv + 1, argv + argc}); });
}
