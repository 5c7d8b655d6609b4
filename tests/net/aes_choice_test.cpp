// Which AES is used, with libraries that exist in this test only: other versions, other machines, wrong results.
#include "mtcp/net/tls/aes_choice.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "mtcp/net/tls/aes.hpp"

namespace mtcp::testing {
namespace {

using suite = record_cipher::suite;
using use = record_cipher::use;

std::unique_ptr<record_cipher> genuine(use what, std::span<const std::byte> key) {
  return record_cipher::make_openssl(suite::aes_128_gcm, what, key);
}

/// What a cipher does wrong.
enum class fault {
  none,
  long_records,      ///< content behind the first 4 KiB
  pieces,            ///< content, where a piece does not begin at a block
  sealing_only,      ///< content
  opening_only,      ///< content
  additional,        ///< does not count for the tag
  made_tag,          ///< one bit
  accepts_forged,    ///< any tag
  refuses_genuine,   ///< any tag
  second_record,     ///< of one cipher
  cannot_begin,      ///< any record
  cannot_transform,  ///< any content
  cannot_finish,     ///< any record
};

class faulty_cipher final : public record_cipher {
 public:
  faulty_cipher(fault wrong, use what, std::span<const std::byte> key)
      : wrong_(wrong), use_(what), inner_(genuine(what, key)) {}

  bool begin(const nonce& number, std::span<const std::byte> additional) noexcept override {
    done_ = 0;
    ++records_;
    if (wrong_ == fault::additional) additional = {};
    return inner_->begin(number, additional) && wrong_ != fault::cannot_begin;
  }
  bool update(std::span<const std::byte> in, std::byte* out) noexcept override {
    const bool ok = inner_->update(in, out) && wrong_ != fault::cannot_transform;
    if (!in.empty() && spoils()) out[in.size() - 1] ^= std::byte{1};
    done_ += in.size();
    return ok;
  }
  bool finish(std::span<std::byte, tag_size> made) noexcept override {
    const bool ok = inner_->finish(made) && wrong_ != fault::cannot_finish;
    if (wrong_ == fault::made_tag) made[15] ^= std::byte{128};
    return ok;
  }
  bool verify(std::span<const std::byte, tag_size> received) noexcept override {
    if (wrong_ == fault::accepts_forged) return true;
    return inner_->verify(received) && wrong_ != fault::refuses_genuine;
  }

 private:
  bool spoils() const noexcept {
    switch (wrong_) {
      case fault::long_records:
        return done_ >= 4096;
      case fault::pieces:
        return done_ % 16 != 0;
      case fault::sealing_only:
        return use_ == use::sealing;
      case fault::opening_only:
        return use_ == use::opening;
      case fault::second_record:
        return records_ > 1;
      default:
        return false;
    }
  }

  fault wrong_;
  use use_;
  std::unique_ptr<record_cipher> inner_;
  std::size_t done_ = 0;
  int records_ = 0;
};

aes_maker faulty(fault wrong) {
  return
      [wrong](use what, std::span<const std::byte> key) { return std::make_unique<faulty_cipher>(wrong, what, key); };
}

TEST(AesSelfTest, IsPassedByRightCiphers) {
  EXPECT_TRUE(passes_self_test(genuine));
  EXPECT_TRUE(passes_self_test(faulty(fault::none)));
}

TEST(AesSelfTest, FindsWhateverIsWrong) {
  for (int wrong = 1; wrong <= static_cast<int>(fault::cannot_finish); ++wrong)
    EXPECT_FALSE(passes_self_test(faulty(static_cast<fault>(wrong)))) << wrong;
  EXPECT_FALSE(passes_self_test([](use, std::span<const std::byte>) { return nullptr; }));
}

/// A library of version 1.3.0 where nothing is wrong.
vector_library good_library() {
  return {0x10300, [] { return 0x10300U; }, []() -> const char* { return nullptr; }, genuine};
}

aes_maker counting(int& calls) {
  return [&](use what, std::span<const std::byte> key) {
    ++calls;
    return genuine(what, key);
  };
}

bool mentions(const aes_choice& choice, const std::string& text) { return choice.name.find(text) != std::string::npos; }

TEST(AesChoice, TakesTheLibraryWhereNothingSpeaksAgainstIt) {
  const vector_library library = good_library();
  const aes_choice choice = choose_aes(&library);
  EXPECT_TRUE(choice.make);
  EXPECT_EQ(choice.name, "Intel's multi-buffer library 1.3.0");
}

TEST(AesChoice, IsOpensslWithoutTheLibrary) {
  const aes_choice choice = choose_aes(nullptr);
  EXPECT_FALSE(choice.make);
  EXPECT_EQ(choice.name.find("OpenSSL 3."), 0U) << choice.name;
  EXPECT_TRUE(mentions(choice, "(built without Intel's multi-buffer library)")) << choice.name;
}

// Its structures have other sizes then: every further call would write where it must not.
TEST(AesChoice, CallsNothingOfAnotherVersion) {
  for (const unsigned found : {0x10200U, 0x10301U, 0x10400U, 0x10500U, 0x20000U, 0U}) {
    vector_library library = good_library();
    int calls = 0;
    library.version = [&] { return found; };
    library.prepare = [&]() -> const char* {
      ++calls;
      return nullptr;
    };
    library.make = counting(calls);
    const aes_choice choice = choose_aes(&library);
    EXPECT_FALSE(choice.make);
    EXPECT_EQ(calls, 0);
    EXPECT_TRUE(mentions(choice, "is not the 1.3.0 that this was built with")) << choice.name;
  }
}

TEST(AesChoice, SaysWhyTheMachineIsNotFit) {
  vector_library library = good_library();
  int ciphers = 0;
  library.prepare = [] { return "no such instructions"; };
  library.make = counting(ciphers);
  const aes_choice choice = choose_aes(&library);
  EXPECT_FALSE(choice.make);
  EXPECT_EQ(ciphers, 0);
  EXPECT_TRUE(mentions(choice, "(no such instructions)")) << choice.name;
}

TEST(AesChoice, IsOpensslIfTheLibraryIsWrong) {
  vector_library library = good_library();
  library.make = faulty(fault::long_records);
  const aes_choice choice = choose_aes(&library);
  EXPECT_FALSE(choice.make);
  EXPECT_TRUE(mentions(choice, "(Intel's multi-buffer library 1.3.0 gives wrong results)")) << choice.name;
}

// Of this process, whatever it is.
TEST(AesChoice, IsWhatRecordsAreSealedWith) {
  const std::vector<std::byte> key(16);
  const bool vector = record_cipher::make_vector(use::sealing, key) != nullptr;
  EXPECT_EQ(vector, static_cast<bool>(chosen_aes().make));
  EXPECT_EQ(aes_in_use().find(vector ? "Intel's multi-buffer library " : "OpenSSL "), 0U) << aes_in_use();
}

}  // namespace
}  // namespace mtcp::testing
