// Programs that people use, through the local port. Each test is skipped where its program is not installed.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "integration/deployment.hpp"
#include "support/content.hpp"
#include "support/origin.hpp"
#include "support/peer.hpp"
#include "support/scripted.hpp"
#include "support/socket.hpp"
#include "support/udp_socket.hpp"

namespace mtcp::lab {
namespace {

using words = std::vector<std::string>;

#define NEEDS(program) \
  if (!installed(program)) GTEST_SKIP() << program << " is not installed"

struct Clients : testing::Test {
  std::string proxy() const { return "127.0.0.1:" + std::to_string(halves.socks_port()); }
  std::string proxy_port() const { return std::to_string(halves.socks_port()); }

  temp_dir files;
  deployment halves;
};

struct ClientsWithUsers : Clients {
  ClientsWithUsers() : with_users({.client_options = {"--users-file", files.write("users", "alice:s3cret\n")}}) {}
  deployment with_users;
};

void expect_content(const run_result& r, std::size_t size) {
  EXPECT_EQ(r.end.exit_code, 0) << r.standard_error;
  sha256 hash;
  hash.update(std::as_bytes(std::span(r.standard_output)));
  EXPECT_EQ(hash.hex(), content_sha256(size)) << r.standard_output.size() << " bytes";
}

TEST_F(Clients, CurlInEveryWay) {
  NEEDS("curl");
  const origin web;
  for (const char* scheme : {"socks4://", "socks4a://", "socks5://", "socks5h://", "http://"})
    for (const std::string& host : {web.url(""), "http://localhost:" + std::to_string(web.port())}) {
      SCOPED_TRACE(scheme + host);
      const std::string url = host + "/bytes/100000";
      expect_content(run({"curl", "-4sS", "--fail", "-x", scheme + proxy(), url}), 100'000);
    }
  const std::string url = web.url("/bytes/100000");
  expect_content(run({"curl", "-sS", "--fail", "-p", "-x", "http://" + proxy(), url}), 100'000);
  // One connection to the proxy for all of them.
  const auto several = run({"curl", "-sS", "--fail", "-x", "http://" + proxy(), url, url, url});
  EXPECT_EQ(several.standard_output.size(), 300'000u);
}

TEST_F(Clients, CurlUploads) {
  NEEDS("curl");
  const origin web;
  const std::string file = (files / "body").string();
  write_content(file, 3'000'000);
  const std::string expected = content_sha256(3'000'000) + " 3000000\n";
  for (const words& way : {words{"-T", file}, words{"-T", file, "-H", "Transfer-Encoding: chunked"}})
    for (const char* scheme : {"http://", "socks5h://"}) {
      words command{"curl", "-sS", "--fail", "-x", scheme + proxy(), web.url("/upload")};
      command.insert(command.end(), way.begin(), way.end());
      EXPECT_EQ(run(command).standard_output, expected) << scheme;
    }
}

TEST_F(ClientsWithUsers, CurlLogsIn) {
  NEEDS("curl");
  const origin web;
  const std::string url = web.url("/bytes/1000");
  const std::string at = "@127.0.0.1:" + std::to_string(with_users.socks_port());
  for (const char* scheme : {"socks5://", "socks5h://", "http://"}) {
    SCOPED_TRACE(scheme);
    expect_content(run({"curl", "-sS", "--fail", "-x", scheme + ("alice:s3cret" + at), url}), 1000);
    EXPECT_NE(run({"curl", "-sS", "--fail", "-x", scheme + ("alice:wrong" + at), url}).end.exit_code, 0);
    EXPECT_NE(run({"curl", "-sS", "--fail", "-x", scheme + at.substr(1), url}).end.exit_code, 0);
  }
  EXPECT_NE(run({"curl", "-sS", "--fail", "-x", "socks4a://" + at.substr(1), url}).end.exit_code, 0);
  expect_content(run({"curl", "-sS", "--fail", "-p", "--proxy-anyauth", "-x", "http://alice:s3cret" + at, url}), 1000);
}

TEST_F(Clients, OpenbsdNetcat) {
  NEEDS("nc.openbsd");
  const peer digest(habit::digest);
  for (const char* version : {"5", "4", "connect"}) {
    const auto r = run({"sh", "-c",
                        "printf hello | nc.openbsd -N -X " + std::string(version) + " -x " + proxy() + " 127.0.0.1 " +
                            std::to_string(digest.port())});
    EXPECT_EQ(r.end.exit_code, 0) << version << r.standard_error;
    EXPECT_EQ(r.standard_output, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824") << version;
  }
}

TEST_F(Clients, Proxychains) {
  NEEDS("proxychains4");
  NEEDS("curl");
  const origin web;
  for (const char* kind : {"socks5", "socks4", "http"}) {
    const std::string config =
        files.write("proxychains.conf",
                    "strict_chain\nproxy_dns\n[ProxyList]\n" + std::string(kind) + " 127.0.0.1 " + proxy_port() + "\n");
    SCOPED_TRACE(kind);
    expect_content(run({"proxychains4", "-q", "-f", config, "curl", "-sS", "--fail", web.url("/bytes/50000")}), 50'000);
  }
}

/// python3 as Debian has it: another one would not find Debian's modules.
const std::string python = "/usr/bin/python3";

TEST_F(Clients, GitClones) {
  NEEDS("git");
  NEEDS(python);
  const std::string work = (files / "work").string();
  files.write("file", "committed\n");
  const auto made =
      run({"sh", "-ec",
           "git init -q -b main " + work + " && cp " + (files / "file").string() + " " + work + " && cd " + work +
               " && git add file && git -c user.name=t -c user.email=t@example.org " +
               "commit -qm one && git clone -q --bare . ../bare.git && cd ../bare.git && " + "git update-server-info"});
  ASSERT_EQ(made.end.exit_code, 0) << made.standard_error;
  process web(
      {"sh", "-c",
       "exec " + python + " -u -m http.server 0 --bind 127.0.0.1 --directory " + (files / "").string() + " 1>&2"});
  const std::string port = web.expect("port (\\d+)").at(1);
  for (const char* scheme : {"socks5h://", "http://"}) {
    const auto r =
        run({"git", "-c", "http.proxy=" + std::string(scheme) + proxy(), "clone", "-q",
             "http://127.0.0.1:" + port + "/bare.git", (files / (scheme[0] == 's' ? "one" : "two")).string()});
    EXPECT_EQ(r.end.exit_code, 0) << r.standard_error;
  }
  for (const char* clone : {"one", "two"})
    EXPECT_EQ(run({"cat", (files / clone / "file").string()}).standard_output, "committed\n");
}

const char* const python_tcp = R"(
import socks, sys
for kind in (socks.SOCKS5, socks.SOCKS4, socks.HTTP):
    s = socks.socksocket()
    s.set_proxy(kind, '127.0.0.1', int(sys.argv[1]), rdns=True)
    s.settimeout(20)
    s.connect(('localhost', int(sys.argv[2])))
    s.sendall(b'hello')
    assert s.recv(5) == b'hello', kind
    s.close()
print('fine')
)";

// A question for the A record of example.org, by hand; the answer comes from the test.
const char* const python_dns = R"(
import socks, socket, sys
s = socks.socksocket(socket.AF_INET, socket.SOCK_DGRAM)
s.set_proxy(socks.SOCKS5, '127.0.0.1', int(sys.argv[1]))
s.settimeout(20)
s.sendto(bytes.fromhex('beef01000001000000000000076578616d706c65036f72670000010001'), ('127.0.0.1', int(sys.argv[2])))
answer, source = s.recvfrom(512)
assert source == ('127.0.0.1', int(sys.argv[2])), source
print(answer[:2].hex(), socket.inet_ntoa(answer[-4:]))
)";

bool has_pysocks() { return run({python, "-c", "import socks"}, 20s).end.exit_code == 0; }

TEST_F(Clients, PythonSocks) {
  if (!has_pysocks()) GTEST_SKIP() << "python3-socks is not installed";
  const peer echo(habit::echo);
  const auto r = run({python, files.write("tcp.py", python_tcp), proxy_port(), std::to_string(echo.port())});
  EXPECT_EQ(r.standard_output, "fine\n") << r.standard_error;
}

TEST_F(Clients, PythonSocksAsksANameServerOverUdp) {
  if (!has_pysocks()) GTEST_SKIP() << "python3-socks is not installed";
  udp_socket name_server;
  process client({python, files.write("dns.py", python_dns), proxy_port(), std::to_string(name_server.port())});
  const auto question = name_server.receive(20s);
  ASSERT_TRUE(question) << client.standard_error();
  std::string answer = question->payload;
  answer[2] = '\x81';  // an answer
  answer[7] = 1;       // with one record: the name of the question, A, IN, TTL 60, 4 bytes
  answer += octets({0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 80});
  name_server.send(answer, question->address, question->port);
  client.wait(20s);
  EXPECT_EQ(client.standard_output(), "beef 192.0.2.80\n") << client.standard_error();
}

/// npm's packages, where npm was there to fetch them for this build.
struct Npm : Clients {
  void SetUp() override {
    NEEDS("node");
    if (clients.empty()) GTEST_SKIP() << "npm was not installed when this was built";
  }

  run_result fetch(const std::string& way, const std::string& host = "127.0.0.1", std::uint16_t port = 1) const {
    return run({"node", clients, way, proxy_port(), host, std::to_string(port)});
  }

  const std::string clients = MTCP_NPM_CLIENTS;
};

TEST_F(Npm, Clients) {
  const origin web;
  for (const char* way : {"socks 4", "socks 5", "socks-proxy-agent socks4a", "socks-proxy-agent socks5h", "undici http",
                          "undici socks"}) {
    SCOPED_TRACE(way);
    expect_content(fetch(way, "127.0.0.1", web.port()), 100'000);
    if (way != std::string("socks 4")) expect_content(fetch(way, "localhost", web.port()), 100'000);
  }
}

TEST_F(Npm, SocksOverUdp) {
  const auto r = fetch("socks udp");
  EXPECT_EQ(r.standard_output, "TO AND FRO") << r.standard_error;
}

TEST_F(Clients, Ssh) {
  NEEDS("ssh");
  NEEDS("nc.openbsd");
  std::string sshd = run({"sh", "-c", "PATH=$PATH:/usr/sbin; command -v sshd"}).standard_output;
  if (sshd.empty()) GTEST_SKIP() << "sshd is not installed";
  sshd.pop_back();
  const auto path = [&](const char* name) { return (files / name).string(); };
  for (const char* name : {"host", "user"})
    ASSERT_EQ(run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path(name)}).end.exit_code, 0);
  const std::uint16_t port = port_of_its_own();
  const std::string config =
      files.write("sshd", "ListenAddress 127.0.0.1:" + std::to_string(port) + "\nHostKey " + path("host") +
                              "\nAuthorizedKeysFile " + path("user.pub") +
                              "\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPidFile none\n");
  if (geteuid() == 0) run({"mkdir", "-p", "/run/sshd"});
  process server({sshd, "-D", "-e", "-f", config});
  server.expect("Server listening");
  const std::string user = run({"id", "-un"}).standard_output;
  const auto r = run({"ssh",
                      "-F",
                      "none",
                      "-i",
                      path("user"),
                      "-o",
                      "StrictHostKeyChecking=no",
                      "-o",
                      "UserKnownHostsFile=/dev/null",
                      "-o",
                      "LogLevel=ERROR",
                      "-o",
                      "BatchMode=yes",
                      "-o",
                      "ProxyCommand=nc.openbsd -X 5 -x " + proxy() + " %h %p",
                      "-p",
                      std::to_string(port),
                      "-l",
                      user.substr(0, user.size() - 1),
                      "127.0.0.1",
                      "head -c 1000000 /dev/zero | sha256sum"});
  EXPECT_EQ(r.standard_output.substr(0, 16), "d29751f2649b32ff") << r.standard_error << server.standard_error();
}

TEST_F(Clients, Chromium) {
  NEEDS("chromium");
  const std::string page = "<!doctype html><title>t</title><p>through the tunnel</p>";
  const scripted web("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: " + std::to_string(page.size()) +
                     "\r\nConnection: close\r\n\r\n" + page);
  for (const char* scheme : {"socks5://", "http://"}) {
    const auto r = run({"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                        "--user-data-dir=" + (files / "profile").string(), "--proxy-server=" + (scheme + proxy()),
                        "--proxy-bypass-list=<-loopback>", "--timeout=30000", "--dump-dom",
                        "http://localhost:" + std::to_string(web.port()) + "/"},
                       90s);
    EXPECT_NE(r.standard_output.find("through the tunnel"), std::string::npos) << scheme << r.standard_error;
  }
  EXPECT_GE(web.requests().size(), 2u);
}

}  // namespace
}  // namespace mtcp::lab
