#include "support/temp_dir.hpp"

#include <stdlib.h>

#include <cerrno>
#include <fstream>
#include <system_error>

namespace mtcp::lab {

namespace fs = std::filesystem;

temp_dir::temp_dir() {
  std::string name = (fs::temp_directory_path() / "mtcp-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), "mkdtemp");
  path_ = name;
}

temp_dir::~temp_dir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string temp_dir::write(std::string_view name, std::string_view text, unsigned permissions) const {
  const fs::path file = path_ / name;
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
  fs::permissions(file, static_cast<fs::perms>(permissions));
  return file.string();
}

}  // namespace mtcp::lab
