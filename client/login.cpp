#include "login.hpp"

#include <spdlog/spdlog.h>

namespace mtcp::client {
namespace {

using clock = std::chrono::steady_clock;
constexpr std::chrono::seconds for_the_answer{5};

}  // namespace

login check_login(const local_port& port, dialogue& with, const std::string& name, const std::string& password) {
  error_code gone;
  const asio::ip::address from = with.socket().remote_endpoint(gone).address();
  program::failed_logins& all = *port.failed_logins;
  if (gone) return login::refused;
  if (all.refuses(from, clock::now())) {
    if (const auto line = all.refuse(from, clock::now())) spdlog::warn("{}", *line);
    return login::refused;
  }
  if (!port.users.admits(name, password)) return login::wrong;
  all.succeed(from, clock::now());
  with.logged_in(name);
  return login::right;
}

task<> failed_login(program::failed_logins& all, dialogue& with, std::string name) {
  error_code gone;
  const asio::ip::address from = with.socket().remote_endpoint(gone).address();
  if (gone) co_return;
  const auto [pause, line] = all.add(from, "wrong password", name, clock::now());
  if (line) spdlog::warn("{}", *line);
  with.set_limit(pause + for_the_answer);
  timer wait(with.socket().get_executor(), pause);
  co_await wait.async_wait(use_result);
}

}  // namespace mtcp::client
