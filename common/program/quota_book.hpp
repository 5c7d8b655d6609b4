// What accounts have counted, in a file that outlives the program and is written when it is worth it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "program/kept_file.hpp"
#include "program/quota_records.hpp"

namespace mtcp::program {

class quota_book {
 public:
  struct where {
    std::string file;     ///< in the program's directory
    std::string whose;    ///< what the file calls those that have accounts: "paths"
    std::string trouble;  ///< what it means that the file cannot be written, for the log
  };
  /// `in` may be null: then nothing outlives the program; else it must outlive the book. Throws settings_error if the
  /// file is damaged, or of a later version.
  quota_book(const state_dir* in, const where& place);

  /// What was kept under this name; empty if nothing was.
  quota_account::record of(const std::string& name) const;
  struct entry {
    std::string name;
    quota_account::record now;
    std::uint64_t allowed = 0;  ///< 0: any number
  };
  /// Remembers these, and those that are not among them as they were.
  void remember(const std::vector<entry>& all);
  /// The same, and writes it soon, if enough has changed.
  void keep(const std::vector<entry>& all, core::timestamp now);
  /// Remembers and writes, at once.
  void save(const std::vector<entry>& all);

 private:
  bool is_worth_it(const std::vector<entry>& all, core::timestamp now) const;

  std::string whose_;
  std::optional<kept_file> file_;
  quota_records kept_;  // also of those that have no account now
  core::timestamp kept_at_{0};
  bool changed_ = false;  // by what was remembered and not written
};

}  // namespace mtcp::program
