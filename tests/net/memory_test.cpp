// The memory of a server whose clients take what they can: who takes most has to give back, and nobody else.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/write.hpp>
#include <tuple>

#include "mtcp/acceptor_group.hpp"
#include "mtcp/core/wire/frame.hpp"
#include "net/raw_client.hpp"

namespace mtcp::test {
namespace {

constexpr std::size_t limit = 24 << 20;
constexpr std::size_t slack = 4 << 20;  // what comes in between two turns

/// The most bytes that a stream may have before it is opened, with a hole in front, so that nobody can read them.
std::vector<std::byte> held_data(core::stream_id stream) {
  constexpr std::size_t size = 8'191;
  std::vector<std::byte> out(64 + size);
  const std::size_t fields = core::put_frame(out, core::frame_type::data, stream, 1U);
  core::put_frame_header(std::span(out).first<core::frame_header_size>(), core::frame_type::data,
                         fields - core::frame_header_size + size);
  out.resize(fields + size);
  return out;
}

class Memory : public raw_client_lab {
 protected:
  Memory() {
    server_options_.keys.add(other_);
    server_options_.group = std::make_shared<acceptor_group>(limit);
  }

  /// A client that sends as much as it may, and reads nothing, until the server has enough of it.
  task<> flood() {
    raw_client hostile(dial());
    const auto created = co_await hostile.greet(other_, create());
    EXPECT_TRUE(created);
    error_code error;
    for (core::stream_id next = 1; !error && next < 12'000;) {
      for (int i = 0; i < 64 && !error; ++i) error = hostile.channel.write(held_data(next++));
      if (!error) error = co_await hostile.channel.flush_all();
      if (server_) most_ = std::max(most_, server_->snapshot().memory.used);
    }
    if (error) ++thrown_out_;
    std::vector<core::slice> ignored;
    while (!error) error = co_await hostile.channel.read(ignored);
    ++over_;
  }
  void flood_with(int sessions) {
    for (int i = 0; i < sessions; ++i) spawn(io_.get_executor(), flood());
  }

  const key other_ = key::generate();
  std::size_t most_ = 0;
  int thrown_out_ = 0, over_ = 0;
};

TEST_F(Memory, IsTakenFromTheHostileSessionsAndNotFromTheOthers) {
  start_server();
  start_tunnel(2);
  stream peer = run_for(open("source", 48));
  flood_with(3);
  const received got = run_for(receive_all(peer));
  EXPECT_TRUE(got.intact);
  EXPECT_EQ(got.size, std::uint64_t{48} << 20);
  EXPECT_TRUE(reaches([&] { return server_->snapshot().memory.shed_total > 0; }));
  EXPECT_LE(most_, limit + slack);
  EXPECT_GT(most_, limit / 2) << "else nothing was tried";
  EXPECT_EQ(server_->snapshot().memory.limit, limit);
  stop_server();
  EXPECT_TRUE(reaches([&] { return over_ == 3; }));
}

TEST_F(Memory, OfAKeyHasALimitOfItsOwn) {
  server_options_.quotas[other_.id()] = {.sessions = 0, .memory = 4 << 20};
  start_server();
  flood_with(1);
  ASSERT_TRUE(reaches([&] { return over_ == 1; }));
  EXPECT_EQ(thrown_out_, 1);
  EXPECT_LE(most_, (4 << 20) + slack);
  EXPECT_TRUE(reaches([&] { return server_->snapshot().memory.used == 0; }));
}

TEST_F(Memory, IsGivenBackByTheLargestStreamAlone) {
  server_options_.quotas[key_.id()] = {.sessions = 0, .memory = 512 << 10};  // less than the first credit of a stream
  start_server();
  start_tunnel(2);
  stream quiet = run_for(open("echo"));
  stream stuck = run_for(open("hold"));
  const auto pour = [](stream& to) -> task<error_code> {
    std::vector<std::byte> block(64 * 1024);
    error_code error;
    for (int i = 0; i < 400 && !error; ++i) {
      const auto bytes = asio::buffer(block);
      std::tie(error, std::ignore) = co_await asio::async_write(to, bytes, use_result);
    }
    co_return error;
  };
  EXPECT_EQ(run_for(pour(stuck)), asio::error::connection_reset);
  EXPECT_EQ(run_for(send_text(quiet, "still here")), error_code());
  EXPECT_EQ(run_for(receive_text(quiet, 10)), "still here");
}

TEST_F(Memory, SessionsOfAKeyMayBeFewer) {
  server_options_.quotas[other_.id()] = {.sessions = 1, .memory = 0};
  start_server();
  raw_client first(dial()), second(dial());
  EXPECT_EQ(run_for(first.greet(other_, create()))->status, core::welcome_status::ok);
  EXPECT_EQ(run_for(second.greet(other_, create()))->status, core::welcome_status::limit);
  raw_client of_another_key(dial());
  EXPECT_EQ(run_for(of_another_key.greet(key_, create()))->status, core::welcome_status::ok);
}

}  // namespace
}  // namespace mtcp::test
