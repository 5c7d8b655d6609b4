// mtcp-demo: the main job, shown on this machine. A network holds every TCP connection to the same low rate; one
// download crosses it on a connection of its own, then through mtcp.
//
//   mtcp-demo [--once] SERVER-PROGRAM CLIENT-PROGRAM
//
// Leaves the proxy running until SIGINT or SIGTERM; with --once it ends after the measurement.
#include <signal.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/content.hpp"
#include "support/network.hpp"
#include "support/origin.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace {

using namespace mtcp::lab;
using namespace std::chrono_literals;

constexpr int bridges = 8;
constexpr double rate = 4e6;
constexpr std::uint64_t size = 40'000'000;
constexpr shape slow_network{.rate_up = rate, .rate_down = rate, .delay = 20ms};
constexpr std::uint16_t usual_port = 1080;

asio::ip::tcp::endpoint local(std::uint16_t port) { return {asio::ip::address_v4::loopback(), port}; }

std::string at(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

bool is_free(std::uint16_t port) {
  asio::io_context context;
  error_code taken;
  asio::ip::tcp::acceptor probe(context, asio::ip::tcp::v4());
  probe.set_option(asio::socket_base::reuse_address(true));
  probe.bind(local(port), taken);
  return !taken;
}

/// Both halves, the client behind the slow network.
struct halves {
  temp_dir files;
  std::unique_ptr<process> server;
  std::unique_ptr<network> between;
  std::unique_ptr<process> client;
  std::string proxy;  // host:port
};

std::uint16_t port_in(const std::string& text) { return static_cast<std::uint16_t>(std::stoul(text)); }

std::unique_ptr<halves> start(const std::string& server, const std::string& client) {
  auto h = std::make_unique<halves>();
  const std::string key = h->files.write("key", run({server, "keygen"}).standard_output);
  h->server = std::make_unique<process>(
      std::vector<std::string>{server, "--key-file", key, "--listen", at(0), "--allow", "127.0.0.0/8"});
  h->between =
      std::make_unique<network>(local(port_in(h->server->expect("listening bridges .*:(\\d+)").at(1))), slow_network);
  const std::uint16_t wanted = is_free(usual_port) ? usual_port : 0;
  h->client = std::make_unique<process>(std::vector<std::string>{
      client, "--key-file", key, "--server", at(h->between->port()), "--bridges", std::to_string(bridges), "--socks",
      at(wanted), "--direct", "none"});  // its destination is on loopback
  h->proxy = at(port_in(h->client->expect("listening socks .*:(\\d+)").at(1)));
  h->client->expect("tunnel up");
  if (wanted == 0) std::printf("Port %d is taken: the proxy listens on %s instead.\n", usual_port, h->proxy.c_str());
  return h;
}

/// MB/s of one download with curl; 0 when it went wrong. Prints its line of the table.
double measure(const char* how, const std::vector<std::string>& options, const std::string& url) {
  const temp_dir files;
  const std::string body = (files / "body").string();
  std::vector<std::string> command{"curl", "-sS", "--fail", "-o", body, "-w", "%{time_total}"};
  command.insert(command.end(), options.begin(), options.end());
  command.push_back(url);
  const run_result r = run(command);
  const bool intact = r.end.exit_code == 0 && file_sha256(body) == content_sha256(size);
  if (!intact) {
    std::printf("  %-26s failed: %s\n", how, r.standard_error.c_str());
    return 0;
  }
  const double seconds = std::stod(r.standard_output);
  const double speed = static_cast<double>(size) / seconds / 1e6;
  std::printf("  %-26s %6.1f MB/s  %6.2f s   SHA-256 agrees\n", how, speed, seconds);
  std::fflush(stdout);
  return speed;
}

/// The way to the origin without mtcp, and the origin.
struct world {
  origin web;
  network slow{local(web.port()), slow_network};
  std::string path = "/bytes/" + std::to_string(size);
  std::string direct() const { return "http://" + at(slow.port()) + path; }
};

bool compare(const world& w, const halves& h) {
  std::printf("A network holds every single TCP connection to %.0f MB/s and delays it by %d ms each way.\n", rate / 1e6,
              20);
  std::printf("One download of %.0f MB across it:\n\n", static_cast<double>(size) / 1e6);
  std::fflush(stdout);
  const double direct = measure("directly", {}, w.direct());
  const std::string label = "through mtcp, " + std::to_string(bridges) + " bridges";
  const double tunnel = measure(label.c_str(), {"--socks5-hostname", h.proxy}, w.web.url(w.path));
  if (direct == 0 || tunnel == 0) return false;
  std::printf("\n  %.1f times as fast\n\n", tunnel / direct);
  return true;
}

void explain(const world& w, const halves& h) {
  const char* proxy = h.proxy.c_str();
  std::printf("The proxy is up on %s until Ctrl-C; its bridges cross the same slow network. Try:\n\n", proxy);
  std::printf("  curl -o /dev/null %s\n", w.direct().c_str());
  std::printf("  curl -o /dev/null --socks5-hostname %s %s\n", proxy, w.web.url(w.path).c_str());
  std::printf("  curl --socks5-hostname %s https://www.debian.org/\n\n", proxy);
  std::printf("In a browser: SOCKS v5 host 127.0.0.1, port %s, and let it resolve names through the proxy.\n",
              h.proxy.substr(h.proxy.rfind(':') + 1).c_str());
  std::fflush(stdout);
}

int demo(bool once, const std::string& server, const std::string& client) {
  sigset_t ends;  // blocked before there are threads, so that only sigwait() sees them
  sigemptyset(&ends);
  for (const int s : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ends, s);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  const world w;
  const auto h = start(server, client);
  const bool good = compare(w, *h);
  if (good && !once) {
    explain(w, *h);
    int received = 0;
    sigwait(&ends, &received);
  }
  h->client->terminate();
  h->server->terminate();
  return good ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<std::string> rest(arguments + 1, arguments + count);
  const bool once = !rest.empty() && rest.front() == "--once";
  if (once) rest.erase(rest.begin());
  if (rest.size() != 2) {
    std::fputs("usage: mtcp-demo [--once] SERVER-PROGRAM CLIENT-PROGRAM\n", stderr);
    return 64;
  }
  try {
    return demo(once, rest[0], rest[1]);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "mtcp-demo: %s\n", e.what());
    return 1;
  }
}
