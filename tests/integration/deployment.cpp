#include "integration/deployment.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "support/content.hpp"

namespace mtcp::lab {
namespace {

void append(std::vector<std::string>& to, const std::vector<std::string>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

std::uint16_t to_port(const std::string& text) { return static_cast<std::uint16_t>(std::stoul(text)); }

std::uint64_t sum(const std::vector<crossing>& all) {
  std::uint64_t bytes = 0;
  for (const auto& c : all) bytes += c.up + c.down;
  return bytes;
}

const char* environment_or(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : otherwise;
}

// Applications and destinations are on loopback here, which is direct by default. In the environment, since an older
// client does not know the option; a test that wants the defaults has env(1) take it out.
[[maybe_unused]] const int tunnels_all = ::setenv("MTCP_DIRECT", "none", 0);

}  // namespace

const char* const client_program = environment_or("MTCP_TEST_CLIENT", MTCP_CLIENT_PROGRAM);
const char* const server_program = environment_or("MTCP_TEST_SERVER", MTCP_SERVER_PROGRAM);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
const double machine_speed = 0.2;
#else
const double machine_speed = 1;
#endif

std::vector<std::vector<std::string>> lone_programs(const std::string& key) {
  return {{server_program, "--key-file", key, "--listen", "127.0.0.1:0", "--status", "none"},
          {client_program, "--key-file", key, "--server", "127.0.0.1:1", "--socks", "127.0.0.1:0", "--status", "none"}};
}

std::string make_key(const temp_dir& in, const std::string& name) {
  const run_result made = run({server_program, "keygen"});
  if (made.end.exit_code != 0) throw std::runtime_error("keygen failed: " + made.standard_error);
  return in.write(name, made.standard_output);
}

deployment::deployment(const plan& p) : plan_(p) {
  make_key(files_);
  start_server("127.0.0.1:0");
  lines_ = std::make_unique<network>(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), server_port_), p.lines);
  start_client();
}

void deployment::start_server(const std::string& listen) {
  std::vector<std::string> command{server_program, "--key-file", key_file(), "--listen", listen};
  append(command, plan_.server_options);
  server_ = std::make_unique<process>(command);
  server_port_ = to_port(server_->expect("listening bridges .*:(\\d+)").at(1));
}

void deployment::start_client() {
  std::vector<std::string> command = plan_.client_wrapper;
  append(command, {client_program, "--key-file", key_file(), "--socks", "127.0.0.1:0"});
  if (plan_.paths) {
    for (const std::string& path : plan_.paths(lines_->port())) append(command, {"--path", path});
  } else {
    append(command, {"--server", "127.0.0.1:" + std::to_string(lines_->port())});
    append(command, {"--bridges", plan_.tuned ? "auto" : std::to_string(plan_.bridges)});
  }
  append(command, plan_.client_options);
  client_ = std::make_unique<process>(command);
  socks_port_ = to_port(client_->expect("listening socks .*:(\\d+)").at(1));
  client_->expect("tunnel up");
  const auto wanted = static_cast<std::size_t>(plan_.bridges);
  if (!lines_->wait([&](const auto& all) { return all.size() >= wanted; }, 15s))
    throw std::runtime_error("not all bridges came up:\n" + client_->standard_error());
}

void deployment::replace_server() {
  server_->send_signal(SIGKILL);
  server_->wait();
  start_server("127.0.0.1:" + std::to_string(server_port_));
}

socket deployment::stream_to(const std::string& host, std::uint16_t port) {
  socket s("127.0.0.1", socks_port_);
  EXPECT_EQ(socks_connect(s, host, port).code, 0) << host;
  return s;
}

std::uint64_t deployment::bytes_crossed() const { return sum(lines_->crossings()); }

void deployment::wait_for_bytes(std::uint64_t more) {
  const std::uint64_t wanted = bytes_crossed() + more;
  EXPECT_TRUE(lines_->wait([&](const auto& all) { return sum(all) >= wanted; }, 30s)) << "the transfer stands still";
}

transfer transfer::download(const deployment& through, const std::string& url, std::uint64_t size) {
  return transfer(through, size, false, url + "/bytes/" + std::to_string(size));
}

transfer transfer::upload(const deployment& through, const std::string& url, std::uint64_t size) {
  return transfer(through, size, true, url + "/upload");
}

transfer::transfer(const deployment& through, std::uint64_t size, bool up, const std::string& url)
    : files_(std::make_unique<temp_dir>()), size_(size), up_(up) {
  const std::string body = (*files_ / "body").string();
  const std::string answer = (*files_ / "answer").string();
  std::vector<std::string> command{"curl", "-sS", "--fail", "--socks5-hostname"};
  command.push_back("127.0.0.1:" + std::to_string(through.socks_port()));
  append(command, {"-w", "%{http_code} %{time_total}", "-o", up ? answer : body});
  if (up) {
    write_content(body, size);
    append(command, {"-T", body});
  }
  command.push_back(url);
  curl_ = std::make_unique<process>(command);
}

transfer::result transfer::finish(std::chrono::seconds patience) {
  const ending end = curl_->wait(patience);
  result r;
  r.trouble =
      curl_->standard_error() + (end.timed_out ? "no end after " + std::to_string(patience.count()) + " s" : "");
  int status = 0;
  std::istringstream(curl_->standard_output()) >> status >> r.seconds;
  if (end.exit_code != 0 || status != 200) return r;
  r.bytes_per_second = static_cast<double>(size_) / r.seconds;
  if (up_) {
    const run_result answer = run({"cat", (*files_ / "answer").string()});
    r.intact = answer.standard_output == content_sha256(size_) + ' ' + std::to_string(size_) + '\n';
  } else {
    r.intact = file_sha256(*files_ / "body") == content_sha256(size_);
  }
  if (!r.intact) r.trouble += "the bytes differ";
  return r;
}

}  // namespace mtcp::lab
