// The examples, as a project that found the installed library built them.
#include <gtest/gtest.h>

#include "integration/deployment.hpp"
#include "support/origin.hpp"

namespace mtcp::lab {
namespace {

std::string example(const std::string& name) { return std::string(MTCP_EXAMPLES "/") + name; }

TEST(Examples, EchoOverATunnel) {
  const temp_dir files;
  const std::string key = make_key(files);
  process server({example("echo_server"), key, "0"});
  const std::string port = server.expect("port (\\d+)").at(1);
  const auto client = run({example("echo_client"), key, "127.0.0.1", port, "to and fro"}, 20s);
  EXPECT_EQ(client.standard_output, "to and fro\n") << client.standard_error;
  EXPECT_EQ(client.end.exit_code, 0);
}

TEST(Examples, FetchAPageThroughAServer) {
  deployment halves;
  const origin web;
  const auto got = run({example("http_client"), halves.key_file(), "127.0.0.1", std::to_string(halves.server_port()),
                        "127.0.0.1", std::to_string(web.port()), "/bytes/1000"},
                       20s);
  EXPECT_EQ(got.standard_error, "200 Success\n");
  EXPECT_EQ(got.standard_output.size(), 1000U);
  EXPECT_EQ(got.end.exit_code, 0);
}

TEST(Examples, TellOfARefusal) {
  deployment halves({.server_options = {}});
  const origin web;
  const auto got = run({example("http_client"), halves.key_file(), "127.0.0.1", std::to_string(halves.server_port()),
                        "127.0.0.1", std::to_string(web.port()), "/bytes/1000"},
                       20s);
  EXPECT_EQ(got.standard_output, "");
  EXPECT_NE(got.standard_error, "");
}

}  // namespace
}  // namespace mtcp::lab
