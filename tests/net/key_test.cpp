// Keys: the string that users copy, the file that they keep it in, and that neither is ever repeated in an error.
#include "mtcp/key.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <span>

#include "mtcp/key_ring.hpp"
#include "mtcp/net/platform/private_file.hpp"
#include "mtcp/net/platform/secret_memory.hpp"

namespace mtcp {
namespace {

// Why the text is refused; empty if it is not.
std::string parse_error(const std::string& text) {
  try {
    key::parse(text);
    return {};
  } catch (const key_error& e) {
    EXPECT_EQ(e.why(), key_error::kind::malformed);
    return e.what();
  }
}

class KeyFile : public testing::Test {
 protected:
  KeyFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mtcp-key-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  ~KeyFile() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& content, ::mode_t mode = 0600) {
    const std::string path = (directory_ / "key").string();
    std::ofstream(path, std::ios::trunc) << content;
    ::chmod(path.c_str(), mode);
    return path;
  }
  // The error of loading `path`, after a look at its kind.
  static std::string load_error(const std::string& path, key_error::kind expected) {
    try {
      load_key_file(path);
      return {};
    } catch (const key_error& e) {
      EXPECT_EQ(e.why(), expected) << e.what();
      EXPECT_TRUE(std::string(e.what()).starts_with(path)) << e.what();
      return e.what();
    }
  }

  std::filesystem::path directory_;
};

TEST(Key, ComesBackFromItsString) {
  const key made = key::generate();
  const std::string text = made.to_string();
  EXPECT_EQ(text.size(), 6U + 71U);
  const key back = key::parse(text);
  EXPECT_EQ(back.id(), made.id());
  EXPECT_EQ(back.tls_psk(), made.tls_psk());
  EXPECT_EQ(back.to_string(), text);
}

TEST(Key, DoesNotMindUpperCase) {
  const key made = key::generate();
  std::string text = made.to_string();
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  EXPECT_EQ(key::parse(text).tls_psk(), made.tls_psk());
}

TEST(Key, IsNewEachTime) {
  const key a = key::generate();
  const key b = key::generate();
  EXPECT_NE(a.id(), b.id());
  EXPECT_NE(a.tls_psk(), b.tls_psk());
}

TEST(Key, HasDifferentSubkeysForDifferentPurposes) {
  const key k = key::generate();
  EXPECT_NE(k.tls_psk(), k.identity_key());
  EXPECT_NE(k.tls_psk(), k.mac_key());
  EXPECT_NE(k.identity_key(), k.mac_key());
}

// A fixed key, its id and one use of each subkey, so that other implementations can compare and none changes by
// mistake. Computed independently, from the specification.
TEST(Key, DerivesWhatTheSpecificationSays) {
  const key k = key::parse("mtcp1-aaaqeayeaudaozdfmztwq2lknnwg23tpobyxe43uov3ho6dzpj5xy7l6p6aidaudrwphibq");
  EXPECT_EQ(to_string(k.id()), "0001020304050607");
  const auto hex = [](std::span<const std::byte> bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 8) {
      key_id part;
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i), 8, part.bytes.begin());
      text += to_string(part);
    }
    return text;
  };
  EXPECT_EQ(hex(k.identity_key().bytes()), "f77fe6220e683f5705daa6b85b619fe16e03cbf4fce401180be52eb9abfcedec");
  EXPECT_EQ(hex(k.tls_psk().bytes()), "d0289d637d08dc96f14cf20fd773de53eae8413fe2d9fe98fed2bcb21a53f8ef");
  EXPECT_EQ(hex(k.mac_key().bytes()), "4f70f53f0193275159786d9b54493cd208ef3b56bcd5994dca257c1b17cb8d10");
  EXPECT_EQ(hex(hmac(k.mac_key(), k.id().bytes)), "2d207b6b64419d64a88267d1492b62342b65e6327bc0c6631195fba2d01ff9cc");
}

TEST(Key, OfVersion2NamesItsServer) {
  const server_identity server = server_identity::generate();
  const key made = key::generate(server.public_key());
  EXPECT_EQ(made.version(), 2U);
  EXPECT_EQ(key::generate().version(), 1U);
  const std::string text = made.to_string();
  EXPECT_EQ(text.size(), 6U + 122U);
  const key back = key::parse(text);
  EXPECT_EQ(back.id(), made.id());
  EXPECT_EQ(back.server(), server.public_key());
  EXPECT_EQ(back.tls_psk(), made.tls_psk());
  EXPECT_EQ(back.to_string(), text);
}

// Else a key that was made for one version would work for the other, with less than it promises.
TEST(Key, OfOneVersionIsNoneOfTheOther) {
  std::string first = key::generate().to_string();
  std::string second = key::generate(server_identity::generate().public_key()).to_string();
  first[4] = '2';
  second[4] = '1';
  EXPECT_NE(parse_error(first), "");
  EXPECT_NE(parse_error(second), "");
}

TEST(ServerIdentity, ComesBackFromItsString) {
  const server_identity made = server_identity::generate();
  const std::string text = made.to_string();
  EXPECT_EQ(text.size(), 13U + 58U);
  const server_identity back = server_identity::parse(text);
  EXPECT_EQ(back.public_key(), made.public_key());
  EXPECT_EQ(back.private_key(), made.private_key());
  EXPECT_NE(server_identity::generate().public_key(), made.public_key());
}

TEST(ServerIdentity, IsNoKey) {
  const std::string text = server_identity::generate().to_string();
  EXPECT_NE(parse_error(text).find("stays at the server"), std::string::npos);
  EXPECT_THROW(server_identity::parse(key::generate().to_string()), key_error);
  EXPECT_THROW(server_identity::parse(text + "a"), key_error);
}

TEST(Key, SaysWhatIsWrongWithItsString) {
  const std::string text = key::generate().to_string();
  EXPECT_NE(parse_error("").find("does not start with mtcp1-"), std::string::npos);
  EXPECT_NE(parse_error("ssh-ed25519 AAAA").find("does not start with mtcp1-"), std::string::npos);
  EXPECT_NE(parse_error(text.substr(0, 50)).find("cut short"), std::string::npos);
  EXPECT_NE(parse_error(text + "a").find("something follows"), std::string::npos);
  std::string bad = text;
  bad[10] = '!';
  EXPECT_NE(parse_error(bad).find("character 5 "), std::string::npos) << parse_error(bad);
}

TEST(Key, NoticesAnySingleWrongCharacter) {
  const std::string text = key::generate().to_string();
  for (std::size_t i = 6; i < text.size(); ++i) {
    std::string wrong = text;
    wrong[i] = wrong[i] == 'a' ? 'b' : 'a';
    EXPECT_NE(parse_error(wrong), "") << i;
  }
}

TEST(Key, NoticesTwoExchangedCharacters) {
  const std::string text = key::generate().to_string();
  for (std::size_t i = 6; i + 1 < text.size(); ++i) {
    std::string wrong = text;
    std::swap(wrong[i], wrong[i + 1]);
    EXPECT_EQ(parse_error(wrong).empty(), wrong == text) << i;
  }
}

TEST(Key, IsNeverRepeatedInAnError) {
  const std::string text = key::generate().to_string();
  std::string mistyped = text;
  mistyped[40] = mistyped[40] == 'a' ? 'b' : 'a';
  std::string bad = text;
  bad[40] = '*';
  for (const std::string& wrong : {mistyped, bad, text.substr(0, 60), text + text, text.substr(6)}) {
    const std::string error = parse_error(wrong);
    ASSERT_NE(error, "");
    for (std::size_t i = 0; i + 6 <= wrong.size(); ++i) {
      const std::string part = wrong.substr(i, 6);
      EXPECT_TRUE(part == "mtcp1-" || error.find(part) == std::string::npos) << error;
    }
  }
}

TEST(Key, SecretIsWiped) {
  auto secret = std::make_unique<secret_bytes>();
  const std::span<std::byte> kept = secret->writable();
  std::ranges::fill(kept, std::byte{0x5a});
  if (!platform::is_locked(kept.data()))
    GTEST_SKIP() << "no memory can be locked here; what is freed cannot be looked at";
  secret.reset();
  const auto byte_at = [&](std::size_t i) -> std::byte { return *const_cast<const volatile std::byte*>(&kept[i]); };
  for (std::size_t i = sizeof(void*); i < kept.size(); ++i) EXPECT_EQ(byte_at(i), std::byte{0});
  bool any_left = true;  // the next free block is told where the first bytes were
  for (std::size_t i = 0; i < sizeof(void*); ++i) any_left = any_left && byte_at(i) == std::byte{0x5a};
  EXPECT_FALSE(any_left);
}

TEST(Key, ComparisonNeedsEqualSizes) {
  const std::array<std::byte, 4> a{};
  EXPECT_TRUE(equal_in_constant_time(a, a));
  EXPECT_FALSE(equal_in_constant_time(a, std::span(a).first(3)));
}

TEST_F(KeyFile, HoldsSeveralKeysWithUsersAndComments) {
  const key a = key::generate();
  const key b = key::generate();
  const key_ring keys = load_key_file(write("# keys\n\n  " + a.to_string() + "\talice of sales  # laptop\r\n" +
                                            b.to_string() /* no newline at the end */));
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys.entries()[0]->id(), a.id());
  EXPECT_EQ(keys.entries()[0]->user(), "alice of sales");
  EXPECT_EQ(keys.entries()[1]->user(), "");
  EXPECT_EQ(keys.find(b.id())->tls_psk(), b.tls_psk());
  EXPECT_EQ(keys.find(key::generate().id()), nullptr);
}

TEST_F(KeyFile, HoldsTheIdentitiesOfTheServer) {
  const server_identity first = server_identity::generate(), second = server_identity::generate();
  const key old = key::generate(), fresh = key::generate(second.public_key());
  const key_ring keys = load_key_file(write(old.to_string() + "\n" + first.to_string() + "  # until the summer\n" +
                                            second.to_string() + "\n" + fresh.to_string() + " ann\n"));
  ASSERT_EQ(keys.size(), 2U);
  ASSERT_EQ(keys.first_version().size(), 1U);
  EXPECT_EQ(keys.first_version().front()->id(), old.id());
  EXPECT_EQ(keys.find(fresh.id())->user(), "ann");
  EXPECT_EQ(keys.identities().size(), 2U);
  EXPECT_EQ(keys.find(second.public_key())->private_key(), second.private_key());
  EXPECT_EQ(keys.find(server_identity::generate().public_key()), nullptr);
}

TEST_F(KeyFile, HoldsAnIdentityOnceAndAlone) {
  const std::string identity = server_identity::generate().to_string();
  const std::string good = key::generate().to_string() + "\n";
  const auto error = [&](const std::string& content) { return load_error(write(content), key_error::kind::malformed); };
  EXPECT_NE(error(good + identity + "\n" + identity + "\n").find(":3: "), std::string::npos);
  EXPECT_NE(error(good + identity + " ann\n").find("may follow"), std::string::npos);
  EXPECT_NE(error(identity + "\n").find("no key"), std::string::npos);
  std::string many = good;
  for (int i = 0; i < 9; ++i) many += server_identity::generate().to_string() + "\n";
  EXPECT_NE(error(many).find(":10: "), std::string::npos);
}

TEST_F(KeyFile, MustBeItsOwnersOnly) {
  const std::string content = key::generate().to_string() + "\n";
  for (const ::mode_t mode : {0644U, 0640U, 0604U, 0620U, 0601U}) {
    const std::string error = load_error(write(content, mode), key_error::kind::permissions);
    EXPECT_NE(error.find("chmod 600"), std::string::npos) << std::oct << mode;
  }
  EXPECT_EQ(load_key_file(write(content, 0600)).size(), 1U);
  EXPECT_EQ(load_key_file(write(content, 0400)).size(), 1U);
}

TEST_F(KeyFile, MustBeARegularFile) {
  EXPECT_NE(load_error(directory_.string(), key_error::kind::unreadable), "");
  EXPECT_NE(load_error((directory_ / "absent").string(), key_error::kind::unreadable), "");
  const std::string pipe = (directory_ / "pipe").string();
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_NE(load_error(pipe, key_error::kind::unreadable).find("not a regular file"), std::string::npos);
}

// A shell's <(...) is one: it can be read only once, and is asked again by whoever reads the settings again.
TEST_F(KeyFile, MayBeAPipeOfThisProcess) {
  const std::string content = key::generate().to_string() + "\n";
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], content.data(), content.size()), static_cast<::ssize_t>(content.size()));
  ::close(ends[1]);
  const std::string path = "/dev/fd/" + std::to_string(ends[0]);
  EXPECT_EQ(load_key_file(path).size(), 1U);
  EXPECT_EQ(load_key_file(path).entries().front()->to_string() + "\n", content);
  EXPECT_THAT(private_text::pipes(), testing::Contains(path));
  ::close(ends[0]);
}

// As some editors write it (The Unicode Standard, section 23.8).
TEST_F(KeyFile, MayBeginWithAByteOrderMark) {
  const key made = key::generate();
  EXPECT_EQ(load_key_file(write("\xEF\xBB\xBF" + made.to_string() + "\r\n")).entries().front()->id(), made.id());
  const std::string utf16("\xFF\xFEm\0t\0c\0p\0", 10);
  EXPECT_NE(load_error(write(utf16), key_error::kind::malformed).find("save it as UTF-8"), std::string::npos);
}

TEST_F(KeyFile, NamesTheLineThatIsWrong) {
  const std::string good = key::generate().to_string();
  const auto error = [&](const std::string& content) { return load_error(write(content), key_error::kind::malformed); };
  EXPECT_NE(error("# one\n" + good + "\nnonsense\n").find(":3: "), std::string::npos);
  EXPECT_NE(error(good + "\n" + good + "\n").find(":2: "), std::string::npos);
  EXPECT_NE(error(good + " \x01\n").find(":1: "), std::string::npos);
  EXPECT_NE(error("").find("no key"), std::string::npos);
  EXPECT_NE(error("# nothing\n").find("no key"), std::string::npos);
  EXPECT_NE(error(std::string(max_key_file, '\n')).find("too large"), std::string::npos);
}

}  // namespace
}  // namespace mtcp
