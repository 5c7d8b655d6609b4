// How files are opened that settings or the system name: by this process, or, once it is in its sandbox, by the opener
// (opener.hpp). Nothing else in the library opens files by names that it did not make itself.
#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace mtcp::platform {

enum class file_use {
  read,    ///< without waiting, not even for the other end of a pipe
  append,  ///< the same; a file that there is not is made, for its owner alone
  remove,  ///< nothing is opened: the name goes
};

/// The descriptor, which is then the caller's; 0 if something was removed.
boost::system::result<int> open_file(const std::string& path, file_use use);

/// The same, without asking whoever was named below.
boost::system::result<int> open_file_here(const std::string& path, file_use use);

/// From now on `by` opens files; nothing: this process. Before there are threads.
using file_opening = std::function<boost::system::result<int>(const std::string& path, file_use use)>;
void set_file_opening(file_opening by);

/// Appends what stands in an open file from where it is to its end, or until there are `limit` bytes; false if it
/// cannot be read (errno).
bool read_into(std::string& text, int descriptor, std::size_t limit);

/// The first `limit` bytes of a file; nothing if it cannot be read.
std::optional<std::string> text_of_file(const std::string& path, std::size_t limit);

/// A file as a library is given it that opens files by itself: where this process may not, by another name that leads
/// to what was in it.
class lent_file {
 public:
  explicit lent_file(std::string path);
  lent_file(const lent_file&) = delete;
  lent_file& operator=(const lent_file&) = delete;
  ~lent_file();

  std::string path() const;

 private:
  std::string path_;
  int copy_ = -1;
};

}  // namespace mtcp::platform
