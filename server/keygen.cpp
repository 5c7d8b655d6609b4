#include "keygen.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <system_error>

#include "granted_keys.hpp"
#include "mtcp/key_ring.hpp"
#include "mtcp/net/platform/descriptor.hpp"
#include "mtcp/net/platform/private_file.hpp"
#include "program/durable_file.hpp"
#include "program/options.hpp"

namespace mtcp::server {
namespace {

using program::settings_error;

[[noreturn]] void fail(const std::string& file, int error) {
  throw settings_error(EX_CANTCREAT, file + ": " + std::generic_category().message(error));
}

/// As a key file has it: with what else would be read as a part of it the name would not come back.
std::string line_of(const key& made, const std::string& user) {
  const std::string line = made.to_string() + (user.empty() ? "" : " " + user);
  const auto comes_back = [&] {
    try {
      const key_ring read = parse_key_file("--user", user.find('\n') == std::string::npos ? line : "");
      return read.size() == 1 && read.entries().front()->user() == user;
    } catch (const key_error&) {
      return false;
    }
  };
  if (!comes_back()) {
    throw settings_error(EX_USAGE,
                         "--user: '" + user + "': a name has up to 64 bytes, no #, no = and no spaces but single ones");
  }
  return line + "\n";
}

// Whoever waits for the lock of a new file would write into one that is gone, if it were removed.
void write_or_take_back(const std::string& file, int to, const std::string& text, off_t before) {
  const error_code error = program::write_durably(to, text);
  if (!error) return;
  if (::ftruncate(to, before) != 0) std::fprintf(stderr, "%s: a part of a key is left at its end\n", file.c_str());
  fail(file, error.value());
}

int make_file(const keygen_request& asked) {
  const std::string& file = asked.output;
  const std::string line = line_of(key::generate(), asked.user);
  const platform::descriptor made(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!made) {
    if (errno != EEXIST) fail(file, errno);
    load_key_file(file);
    std::fprintf(stderr, "%s: holds a key already, and stays as it is\n", file.c_str());
    return EX_OK;
  }
  const error_code error = program::write_durably(made.get(), line);
  if (!error) return EX_OK;
  ::unlink(file.c_str());
  fail(file, error.value());
}

void forbid_second(const std::string& user, const key_ring& there, const std::string& file) {
  const auto same = std::ranges::find(there.entries(), user, [](const key_ring::entry& k) { return k->user(); });
  if (user.empty() || same == there.entries().end()) return;
  throw settings_error(EX_USAGE, "--user: " + file + " has a key of " + user + " already (" +
                                     mtcp::to_string((*same)->id()) + "): give each device a name of its own");
}

struct addition {
  std::string text;
  key_id id;
};

/// What is missing in `text` for a key of one more client.
addition addition_to(std::string_view text, const key_ring& there, const std::string& user) {
  std::string more = text.empty() || text.ends_with('\n') ? "" : "\n";
  key_ring::identity server = there.identities().empty() ? nullptr : there.identities().back();
  if (!server) {
    server = std::make_shared<const server_identity>(server_identity::generate());
    more += server->to_string() + "  # the server's identity: it stays at the server\n";
  }
  const key made = key::generate(server->public_key());
  return {more + line_of(made, user), made.id()};
}

/// The file is another one by now: an editor has put it in the place of the old one.
bool was_replaced(const std::string& file, int opened) {
  struct stat ours {
  }, there{};
  if (::fstat(opened, &ours) != 0) fail(file, errno);
  return ::stat(file.c_str(), &there) != 0 || ours.st_dev != there.st_dev || ours.st_ino != there.st_ino;
}

/// False if the file was replaced meanwhile: by one with the key that was `added` before, or without.
bool try_to_add(const keygen_request& asked, std::optional<key_id>& added) {
  const std::string& file = asked.append;
  const platform::descriptor opened(::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  struct stat info {};
  // Two who add at once must not give the server two identities. The lock ends with the descriptor.
  if (!opened || ::flock(opened.get(), LOCK_EX) != 0 || ::fstat(opened.get(), &info) != 0) fail(file, errno);
  const private_text text(file, private_text::readers::owner, max_key_file);
  if (was_replaced(file, opened.get())) return false;
  const key_ring there = parse_keys(file, text.view());
  if (added && there.find(*added)) return true;
  forbid_second(asked.user, there, file);
  const addition more = addition_to(text.view(), there, asked.user);
  write_or_take_back(file, opened.get(), more.text, info.st_size);
  added = more.id;
  return !was_replaced(file, opened.get());
}

int add_to_file(const keygen_request& asked) {
  line_of(key::generate(), asked.user);  // or a file would be made for a name that cannot be
  std::optional<key_id> added;
  while (!try_to_add(asked, added)) continue;
  std::fprintf(stderr, "%s: a key was added; mtcp-server url prints what its client needs\n", asked.append.c_str());
  return EX_OK;
}

}  // namespace

int make_key(const keygen_request& asked) {
  if (!asked.output.empty() && !asked.append.empty())
    throw settings_error(EX_USAGE, "--append cannot stand beside --output");
  if (!asked.append.empty()) return add_to_file(asked);
  if (!asked.output.empty()) return make_file(asked);
  std::fputs(line_of(key::generate(), asked.user).c_str(), stdout);
  return EX_OK;
}

}  // namespace mtcp::server
