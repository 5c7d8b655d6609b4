#include "mtcp/proxy/connect_dialogue.hpp"

#include <algorithm>
#include <utility>

#include "mtcp/proxy/http_connect.hpp"
#include "mtcp/proxy/socks5_client.hpp"

namespace mtcp::proxy {
namespace {

using kind = rejection::kind;
constexpr unsigned login_required = 407;  // RFC 9110, section 15.5.8

}  // namespace

connect_dialogue::connect_dialogue(const proxy_options& by, core::target server)
    : server_(std::move(server)), login_{by.user, by.password} {
  if (by.speaks == proxy_options::protocol::http) {
    say(encode_connect(server_, has_login() ? &login_ : nullptr), answer::head);
  } else {
    say(encode_greeting(has_login()), answer::choice);
  }
}

void connect_dialogue::say(std::vector<std::byte> output, answer expected) {
  output_ = std::move(output);
  expects_ = expected;
}

void connect_dialogue::reject(rejection why) {
  rejected_ = why;
  expects_ = answer::none;
}

void connect_dialogue::ended() {
  if (!over()) reject({kind::closed});
}

// What a complete answer can take at most.
std::size_t connect_dialogue::room() const {
  return (expects_ == answer::head ? max_connect_answer : max_reply_size) - heard_.size();
}

std::size_t connect_dialogue::take(std::span<const std::byte> bytes) {
  if (over()) return 0;
  const std::size_t before = heard_.size();
  const auto taken = bytes.first(std::min(bytes.size(), room()));
  heard_.insert(heard_.end(), taken.begin(), taken.end());
  const std::size_t size = understand();
  if (size == 0) {
    if (!over() && room() == 0) reject({kind::foreign});
    return taken.size();
  }
  heard_.clear();
  return size - before;
}

/// How many bytes the answer took; 0 if it is not complete, or none that the protocol knows.
std::size_t connect_dialogue::understand() {
  switch (expects_) {
    case answer::choice:
      return on_choice();
    case answer::login:
      return on_login_answer();
    case answer::reply:
      return on_reply();
    case answer::head:
      return on_head();
    case answer::none:
      break;
  }
  return 0;
}

std::size_t connect_dialogue::on_choice() {
  const auto choice = decode_choice(heard_);
  if (choice.failed()) reject({kind::foreign});
  if (!choice) return 0;
  if (choice.value() == method::none) {
    say(encode_request(server_), answer::reply);
  } else if (choice.value() == method::password && has_login()) {
    say(encode_login(login_), answer::login);
  } else if (choice.value() == method::no_acceptable) {
    reject({has_login() ? kind::login_refused : kind::login_wanted});
  } else {
    reject({kind::foreign});
  }
  return choice.size();
}

std::size_t connect_dialogue::on_login_answer() {
  const auto accepted = decode_login_answer(heard_);
  if (accepted.failed()) reject({kind::foreign});
  if (!accepted) return 0;
  if (accepted.value()) {
    say(encode_request(server_), answer::reply);
  } else {
    reject({kind::login_refused});
  }
  return accepted.size();
}

std::size_t connect_dialogue::on_reply() {
  const auto code = decode_reply(heard_);
  if (code.failed()) reject({kind::foreign});
  if (!code) return 0;
  expects_ = answer::none;
  if (code.value() != reply::succeeded) reject({kind::server_refused, static_cast<unsigned>(code.value())});
  return code.size();
}

std::size_t connect_dialogue::on_head() {
  const auto status = decode_connect_answer(heard_);
  if (status.failed()) reject({kind::foreign});
  if (!status) return 0;
  expects_ = answer::none;
  if (status.value() == login_required) {
    reject({has_login() ? kind::login_refused : kind::login_wanted});
  } else if (status.value() >= 300) {
    reject({kind::server_refused, status.value()});
  }
  return status.size();
}

}  // namespace mtcp::proxy
