// A server with a fallback: whoever is no client gets what a real web server says, HAProxy here, and cannot tell that
// anybody else is at the port.
#include <gtest/gtest.h>

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "integration/deployment.hpp"
#include "integration/status.hpp"
#include "support/origin.hpp"

namespace mtcp::lab {
namespace {

namespace asio = boost::asio;

const std::string loopback = "127.0.0.1";

/// A web server, which answers every request and waits a second for one.
class web_site {
 public:
  explicit web_site(const temp_dir& files) {
    const auto made =
        run({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=site", "-keyout",
             (files / "site.key").string(), "-out", (files / "site.crt").string()});
    if (made.end.exit_code != 0) throw std::runtime_error(made.standard_error);
    const std::string both = files.write("site.pem", text_of(files / "site.crt") + text_of(files / "site.key"));
    const std::string answer = " http-request return status 200 content-type text/plain string \"the site itself\"\n";
    const std::string config =
        "defaults\n mode http\n timeout connect 5s\n timeout client 1s\n timeout server 1s\n"
        "frontend site\n bind 127.0.0.1:" +
        std::to_string(port) + " ssl crt " + both + " alpn h2,http/1.1\n" + answer +
        "frontend plain\n bind 127.0.0.1:" + std::to_string(plain_port) + "\n" + answer;
    haproxy_ = std::make_unique<process>(std::vector<std::string>{"haproxy", "-f", files.write("site.cfg", config)});
    while (run({"curl", "-sk", "https://127.0.0.1:" + std::to_string(port)}).standard_output.empty()) continue;
  }

  const std::uint16_t port = port_of_its_own();
  const std::uint16_t plain_port = port_of_its_own();  ///< the same without TLS

 private:
  static std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }

  std::unique_ptr<process> haproxy_;
};

/// What somebody learns who says `words`, in these pieces: of the answer its shape, since TLS has something random in
/// all that it says.
struct answer {
  std::string shape;
  tail end = tail::timeout;
  bool operator==(const answer&) const = default;
};
std::ostream& operator<<(std::ostream& out, const answer& a) {
  return out << a.shape << " and then " << static_cast<int>(a.end);
}

/// Type and size of each record; what is none as it is.
std::string shape_of(std::string_view said) {
  std::string shape;
  while (said.size() >= 5 && said[0] >= 20 && said[0] <= 23 && said[1] == 3) {
    const auto at = [&said](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(said[i])); };
    const std::size_t size = at(3) << 8 | at(4);
    shape += std::to_string(at(0)) + ':' + std::to_string(size) + ' ';
    said.remove_prefix(std::min(said.size(), 5 + size));
  }
  return shape + std::string(said);
}

enum class then : std::uint8_t { ends, waits };

answer ask(std::uint16_t port, const std::vector<std::string>& words, then what) {
  socket s(loopback, port);
  for (const std::string& part : words) s.send(part);
  if (what == then::ends) s.shutdown_send();
  std::string said;
  answer got;
  got.end = s.drain(said);
  got.shape = shape_of(said);
  return got;
}

/// The first words of a real client with that key.
std::string first_words(const std::string& key_file) {
  asio::io_context io;
  asio::ip::tcp::acceptor server(io, {asio::ip::address_v4::loopback(), 0});
  const process client({client_program, "--key-file", key_file, "--path",
                        "server=127.0.0.1:" + std::to_string(server.local_endpoint().port()) + ",sni=www.example.org",
                        "--socks", "127.0.0.1:0", "--status", "none"});
  asio::ip::tcp::socket bridge = server.accept();
  std::string words(5, '\0');
  asio::read(bridge, asio::buffer(words));
  words.resize(
      5 + (static_cast<std::size_t>(static_cast<unsigned char>(words[3])) << 8 | static_cast<unsigned char>(words[4])));
  asio::read(bridge, asio::buffer(words) + 5);
  return words;
}

/// Those of a browser, more or less.
std::string first_words_of_openssl(int version) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  SSL_CTX_set_max_proto_version(context.get(), version);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), &SSL_free);
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_connect(ssl.get());
  std::string out(BIO_ctrl_pending(SSL_get_wbio(ssl.get())), '\0');
  BIO_read(SSL_get_wbio(ssl.get()), out.data(), static_cast<int>(out.size()));
  return out;
}

std::vector<std::string> letters_of(const std::string& text) {
  std::vector<std::string> all;
  for (const char c : text) all.emplace_back(1, c);
  return all;
}

class Fallback : public testing::Test {
 protected:
  void SetUp() override {
    if (!installed("haproxy")) GTEST_SKIP() << "no haproxy (Debian: haproxy)";
    site = std::make_unique<web_site>(files);
    start(site->port);
  }
  void start(std::uint16_t to, std::vector<std::string> more = {}) {
    plan p = with_status();
    p.server_options.insert(p.server_options.end(), {"--fallback", loopback + ':' + std::to_string(to)});
    p.server_options.insert(p.server_options.end(), more.begin(), more.end());
    halves.emplace(p);
    is_at = to;
  }
  void expect_the_site(const char* who, const std::vector<std::string>& words, then what = then::waits) {
    EXPECT_EQ(ask(halves->server_port(), words, what), ask(is_at, words, what)) << who;
  }
  void expect_the_site(const char* who, const std::string& words, then what = then::waits) {
    expect_the_site(who, std::vector<std::string>{words}, what);
  }

  temp_dir files;
  std::unique_ptr<web_site> site;
  std::optional<deployment> halves;
  std::uint16_t is_at = 0;  // the fallback
};

TEST_F(Fallback, EveryStrangerGetsWhatTheSiteSays) {
  expect_the_site("HTTP", "GET / HTTP/1.1\r\nHost: site\r\n\r\n");
  expect_the_site("SSH", "SSH-2.0-OpenSSH_9.2\r\n");
  expect_the_site("zeros", std::string(20'000, '\0'));
  expect_the_site("TLS 1.3", first_words_of_openssl(TLS1_3_VERSION));
  expect_the_site("TLS 1.2", first_words_of_openssl(TLS1_2_VERSION));
  expect_the_site("TLS, letter by letter", letters_of(first_words_of_openssl(TLS1_3_VERSION)));
  expect_the_site("TLS that ends", first_words_of_openssl(TLS1_3_VERSION), then::ends);
  expect_the_site("TLS and junk", first_words_of_openssl(TLS1_3_VERSION) + std::string(300, 'x'));
  expect_the_site("another key", first_words(make_key(files, "other")));
  expect_the_site("a record too large", std::string("\x16\x03\x01\x7f\xff", 5) + std::string(30'000, 'x'));
  expect_the_site("a record of junk", std::string("\x16\x03\x01\x00\x40", 5) + std::string(64, 'x'));
  expect_the_site("nothing, and the end", "", then::ends);
  expect_the_site("half a record, and the end", first_words_of_openssl(TLS1_3_VERSION).substr(0, 100), then::ends);
}

// Until it has waited for as long as for anybody.
TEST_F(Fallback, WhoSaysNothingOrNotEnoughGetsWhatTheSiteSays) {
  expect_the_site("nothing", "");
  expect_the_site("half a record", first_words_of_openssl(TLS1_3_VERSION).substr(0, 100));
}

TEST_F(Fallback, ARecordingOfAClientGetsWhatTheSiteSays) {
  const std::string words = first_words(halves->key_file());
  EXPECT_NE(words.find("www.example.org"), std::string::npos);
  {
    socket first(loopback, halves->server_port());
    first.send(words);
    EXPECT_EQ(first.receive(1), "\x16") << "the server itself, which cannot know yet";
  }
  expect_the_site("a recording", words);
}

TEST_F(Fallback, BrowsersAndClientsGetWhatTheyCameFor) {
  const origin web;
  const std::string port = std::to_string(halves->server_port());
  for (int i = 0; i < 60; ++i) {
    const auto got = run({"curl", "-sk", "https://127.0.0.1:" + port});
    ASSERT_EQ(got.standard_output, "the site itself") << i;
  }
  EXPECT_TRUE(transfer::download(*halves, web.url(""), 5'000'000).finish().intact);
  process late({client_program, "--key-file", halves->key_file(), "--server", loopback + ':' + port, "--bridges", "2",
                "--socks", "127.0.0.1:0", "--status", "none"});
  late.expect("tunnel up, 2 bridges");
  EXPECT_EQ(halves->server().standard_error().find("failed login"), std::string::npos)
      << "they have done nothing wrong";
  const nlohmann::json told = stats(halves->server());
  EXPECT_EQ(told["locked_out_total"], 0);
  EXPECT_EQ(told["fallback"]["site"], loopback + ':' + std::to_string(site->port));
  EXPECT_GE(told["fallback"]["total"], 60);
  EXPECT_NE(fetch(halves->server(), "/metrics").find("\nmtcp_fallback_connections_total "), std::string::npos);
}

// It answers before it has read all, and closes with bytes unread.
TEST_F(Fallback, WhoSaysTooMuchGetsWhatTheSiteSays) {
  start(site->plain_port);
  for (int i = 0; i < 5; ++i) {
    expect_the_site("junk", std::string(40'000, 'x'));
    expect_the_site("much junk", std::string(300'000, 'x'));
    expect_the_site("an upload",
                    "POST / HTTP/1.1\r\nHost: site\r\nContent-Length: 290000\r\n\r\n" + std::string(290'000, 'x'));
  }
}

TEST_F(Fallback, TheOldestMakeRoomWhenThereAreTooMany) {
  start(site->port, {"--memory", "128MB"});
  constexpr std::size_t places = 30;
  std::vector<socket> all;
  for (std::size_t i = 0; i <= places; ++i) {
    all.emplace_back(loopback, halves->server_port());
    all.back().send("GET ");
  }
  const auto is_full = [](const nlohmann::json& now) { return now["fallback"]["total"] == places + 1; };
  const nlohmann::json told = stats_when(halves->server(), is_full);
  EXPECT_EQ(told["fallback"]["dismissed_total"], 1);
  std::string said;
  EXPECT_EQ(all.front().drain(said), tail::reset);
}

TEST_F(Fallback, ThatIsDownOrItselfTurnsEverybodyAwayAndSaysSo) {
  const std::uint16_t own = port_of_its_own();
  const std::string nobody = loopback + ':' + std::to_string(port_of_its_own());
  for (const std::string& to : {nobody, loopback + ':' + std::to_string(own), "0.0.0.0:" + std::to_string(own)}) {
    process server({server_program, "--key-file", halves->key_file(), "--listen", loopback + ':' + std::to_string(own),
                    "--fallback", to, "--status", "none"});
    server.expect("listening bridges");
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(ask(own, {"GET / HTTP/1.1\r\n\r\n"}, then::waits), (answer{"", tail::reset})) << to;
    }
    server.expect(to == nobody ? "cannot be reached.*: Connection refused"
                               : "cannot be reached.*: it is this server itself");
    EXPECT_EQ(server.terminate().exit_code, 0);
  }
}

// Whatever its strangers do: one waits for the site, another does not close although the site has.
TEST_F(Fallback, EndsWithTheServer) {
  start(site->plain_port);
  socket waits(loopback, halves->server_port()), stays(loopback, halves->server_port());
  stays.send("GET / HTTP/1.0\r\n\r\n");
  std::string said;
  EXPECT_EQ(stays.drain(said), tail::end);
  waits.send("G");
  stats_when(halves->server(), [](const nlohmann::json& now) { return now["fallback"]["total"] == 2; });
  const auto start = lab_clock::now();
  EXPECT_EQ(halves->server().terminate().exit_code, 0);
  EXPECT_LT(lab_clock::now() - start, 6s) << "7 s are for streams that have not ended, and then it is ended";
}

// Seconds until the first byte of the answer, the middle of so many.
double median_delay(std::uint16_t port, const std::string& words, int count) {
  std::vector<double> all;
  for (int i = 0; i < count; ++i) {
    socket s(loopback, port);
    const auto start = lab_clock::now();
    s.send(words);
    s.receive(1);
    all.push_back(std::chrono::duration<double>(lab_clock::now() - start).count());
  }
  std::ranges::nth_element(all, all.begin() + count / 2);
  return all[static_cast<std::size_t>(count / 2)];
}

TEST_F(Fallback, AnswersAsSoonAsTheSite) {
  if (machine_speed < 1) GTEST_SKIP() << "sanitizers take their time";
  const std::string words = first_words_of_openssl(TLS1_2_VERSION);
  double least = 1;  // of several looks: others use this machine too
  for (int look = 0; look < 5 && least > 0.5e-3; ++look)
    least = std::min(least, median_delay(halves->server_port(), words, 500) - median_delay(site->port, words, 500));
  std::printf("half of 500 answers come %.3f ms later than the site's own\n", 1e3 * least);
  EXPECT_LT(least, 0.5e-3);
}

}  // namespace
}  // namespace mtcp::lab
