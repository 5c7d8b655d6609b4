#include "status/program.hpp"

#include <spdlog/spdlog.h>

#include <cstdio>
#include <stdexcept>

#include "mtcp/address.hpp"
#include "program/listen.hpp"
#include "program/message.hpp"
#include "program/parse.hpp"
#include "program/process.hpp"
#include "program/version.hpp"
#include "status/ask.hpp"
#include "status/request.hpp"

namespace mtcp::status {
namespace {

// In lower case, as the hosts of requests are.
std::string parse_name(const std::string& text) {
  std::string host = host_of(text);
  const bool plain = host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos;
  if (host.empty() || host.size() != text.size() || !plain)
    throw std::invalid_argument("expected a host name, without a port");
  return host;
}

// The deadline of ask() ends it by closing its socket.
std::string trouble_of(const error_code& error) {
  return error == asio::error::operation_aborted ? "no answer within 5 s" : error.message();
}

// Another program that listens there must not be taken for one of ours that is ready.
bool is_readiness(const response& said) {
  if (said.result() == http::status::ok) return said.body() == is_ready;
  return said.result() == http::status::service_unavailable &&
         (said.body() == is_draining || said.body() == is_without_bridges);
}

std::string not_ours(const response& said) {
  return "not the answer of an mtcp program (HTTP " + std::to_string(said.result_int()) + ")";
}

task<> ask_readiness(tcp::endpoint where, response& said, error_code& error) {
  error = co_await ask(where, "/readyz", said);
}

}  // namespace

program::option status_option(std::uint16_t default_port) {
  return {"status", "HOST:PORT|none",
          "where the dashboard, /api/stats and /metrics are served (127.0.0.1:" + std::to_string(default_port) + ")"};
}

program::option status_host_option() {
  return {"status-host", "NAME",
          "a name under which --status is asked, besides its address: others are refused, lest a web page reads it "
          "(DNS rebinding)",
          program::option::arity::repeated};
}

program::command health_command() { return {"health", "ask a running program, at --status, whether it is ready"}; }

setting status_setting(const program::values& given, std::uint16_t default_port) {
  setting s{core::target{"127.0.0.1", default_port}, given.has("status")};
  const auto parse = [](const std::string& text) {
    return text == "none" ? std::nullopt : std::optional(program::parse_listen(text));
  };
  if (const auto chosen = given.one("status", parse)) s.where = *chosen;
  s.hosts = given.each("status-host", parse_name);
  return s;
}

bool same_endpoint(const setting& a, const setting& b) { return a.where == b.where && a.hosts == b.hosts; }

std::unique_ptr<status_server> open_status(const executor& where, const setting& s, site_options what, site::look see) {
  if (!s.where) return nullptr;
  what.version = program::version;
  what.hosts = s.hosts;
  server_options how;
  try {
    how.listen = program::listen_endpoint(*s.where);
    if (!unmapped(how.listen.address()).is_loopback()) {
      what.can = {};
      spdlog::warn("status: everybody who reaches {} sees the destinations", to_string(*s.where));
    }
    auto opened = std::make_unique<status_server>(where, how, std::move(what), std::move(see), program::report_failure);
    spdlog::info("listening status {}", to_string(to_target(opened->local_endpoint())));
    return opened;
  } catch (const boost::system::system_error& e) {
    if (s.asked_for) program::fail_for("--status", e);
    spdlog::warn("no status endpoint: {}", program::message_of(e));
    return nullptr;
  }
}

int run_health(const setting& s) {
  if (!s.where) {
    std::puts("there is no status endpoint to ask");
    return 1;
  }
  asio::io_context io(1);
  response said;
  error_code error;
  try {
    spawn(io.get_executor(), ask_readiness(program::listen_endpoint(*s.where), said, error));
  } catch (const boost::system::system_error& e) {
    std::puts(program::message_of(e).c_str());
    return 1;
  }
  io.run();
  const std::string trouble = error ? trouble_of(error) : is_readiness(said) ? "" : not_ours(said);
  if (!trouble.empty()) {
    std::printf("%s: %s\n", to_string(*s.where).c_str(), trouble.c_str());
    return 1;
  }
  std::fputs(said.body().c_str(), stdout);
  return said.result() == http::status::ok ? 0 : 1;
}

}  // namespace mtcp::status
