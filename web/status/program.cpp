#include "status/program.hpp"

#include <spdlog/spdlog.h>
#include <sysexits.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <utility>

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
  const std::string named = text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
  std::string host = host_of(named);
  const bool plain = host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos;
  if (host.empty() || host.size() != named.size() || !plain)
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

bool is_loopback(const tcp::endpoint& local) { return unmapped(local.address()).is_loopback(); }

std::string not_ours(const response& said) {
  return "not the answer of an mtcp program (HTTP " + std::to_string(said.result_int()) + ")";
}

task<> ask_for(endpoint_to_ask there, std::string path, std::string method, response& said, error_code& error) {
  error = co_await ask(std::move(there), std::move(path), said, std::move(method));
}

/// What a running program says; why there is no answer of one, if so.
std::string answer_of(const setting& s, const char* path, const char* method, response& said) {
  asio::io_context io(1);
  error_code error;
  try {
    spawn(io.get_executor(), ask_for(place_to_ask(s), path, method, said, error));
  } catch (const boost::system::system_error& e) {
    return program::message_of(e);
  }
  io.run();
  return error ? name_of_place(s) + ": " + trouble_of(error) : "";
}

bool is_socket(const std::string& path) {
  std::error_code unknown;
  return std::filesystem::is_socket(path, unknown);
}

/// Several folders have colons between them.
std::string in_runtime_directory(const program::environment& variables) {
  const std::string all = variables("RUNTIME_DIRECTORY").value_or("");
  return all.empty() ? "" : all.substr(0, all.find(':')) + "/control";
}

std::string parse_control(const std::string& text) {
  if (text.empty()) throw std::invalid_argument("expected the path of a socket, or none");
  return text == "none" ? "" : text;
}

}  // namespace

program::option status_option(std::uint16_t default_port) {
  return {"status", "HOST:PORT|none",
          "where the dashboard, /api/stats and /metrics are served (127.0.0.1:" + std::to_string(default_port) + ")",
          program::option::arity::repeated};
}

program::option status_host_option() {
  return {"status-host", "NAME",
          "a name under which --status is asked, besides its address: others are refused, lest a web page reads it "
          "(DNS rebinding)",
          program::option::arity::repeated};
}

program::option control_option() {
  return {"control", "PATH|none",
          "a Unix socket for you alone, where health, top and reload ask (none; under systemd that of the service)"};
}

program::command health_command() {
  return {"health", "ask a running program, at --control or --status, whether it is ready"};
}

program::command reload_command() {
  return {"reload", "have a running program, at --control, read its settings again, and say what came of it"};
}

setting status_setting(const program::values& given, std::uint16_t default_port, const std::string& program,
                       const program::environment& variables, bool asks) {
  setting s{program::listeners_of(given, "status", {"127.0.0.1", default_port}), given.has("status")};
  s.hosts = given.each("status-host", parse_name);
  s.control_asked_for = given.has("control");
  s.control = given.one("control", parse_control).value_or("");
  if (s.control_asked_for || (asks && s.asked_for)) return s;
  s.control = in_runtime_directory(variables);
  const std::string of_service = "/run/" + program + "/control";
  if (asks && s.control.empty() && is_socket(of_service)) s.control = of_service;
  return s;
}

bool same_endpoint(const setting& a, const setting& b) {
  return a.where == b.where && a.hosts == b.hosts && a.control == b.control;
}

std::unique_ptr<status_server> open_status(const executor& where, const setting& s, site_options what, site::look see) {
  if (s.where.empty() && s.control.empty()) return nullptr;
  what.version = program::version;
  what.hosts = s.hosts;
  server_options how;
  how.control = s.control;
  try {
    for (const core::target& one : s.where) {
      const auto all = program::listen_endpoints(one);
      how.listen.insert(how.listen.end(), all.begin(), all.end());
      if (std::ranges::all_of(all, is_loopback)) continue;
      what.can = {};
      spdlog::warn("status: everybody who reaches {} sees the destinations", to_string(one));
    }
    auto opened = std::make_unique<status_server>(where, how, std::move(what), std::move(see), program::report_failure);
    for (const tcp::endpoint& local : opened->local_endpoints())
      spdlog::info("listening status {}", to_string(to_target(local)));
    if (!s.control.empty()) spdlog::info("listening control {}", s.control);
    return opened;
  } catch (const boost::system::system_error& e) {
    if (s.control_asked_for && std::string(e.what()).starts_with(s.control)) program::fail_for("--control", e);
    if (s.asked_for) program::fail_for("--status", e);
    spdlog::warn("no status endpoint: {}", program::message_of(e));
    return nullptr;
  }
}

int run_health(const setting& s) {
  if (s.where.empty() && s.control.empty()) {
    std::puts("there is no status endpoint to ask");
    return 1;
  }
  response said;
  std::string trouble = answer_of(s, "/readyz", "GET", said);
  if (trouble.empty() && !is_readiness(said)) trouble = name_of_place(s) + ": " + not_ours(said);
  if (!trouble.empty()) {
    std::puts(trouble.c_str());
    return 1;
  }
  std::fputs(said.body().c_str(), stdout);
  return said.result() == http::status::ok ? 0 : 1;
}

int run_reload(const setting& s) {
  if (s.control.empty())
    throw program::settings_error(EX_USAGE, "--control is needed: the socket that the running program has there");
  response said;
  std::string trouble = answer_of(s, "/api/reload", "POST", said);
  const bool has_answered = said.result() == http::status::ok || said.result() == http::status::conflict;
  if (trouble.empty() && !has_answered) trouble = name_of_place(s) + ": " + not_ours(said);
  if (!trouble.empty()) {
    std::puts(trouble.c_str());
    return 1;
  }
  std::fputs(said.body().c_str(), stdout);
  return said.result() == http::status::ok ? 0 : 1;
}

endpoint_to_ask place_to_ask(const setting& s) {
  if (!s.control.empty()) return {{}, s.control};
  return {program::endpoints_of(s.where.front()), {}};
}

std::string name_of_place(const setting& s) { return s.control.empty() ? to_string(s.where.front()) : s.control; }

}  // namespace mtcp::status
