// A directory of ClusterShell's configuration, or of any files.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace muster::cli {

class GroupDir {
 public:
  GroupDir() {
    std::string pattern = ::testing::TempDir() + "groups.XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~GroupDir() { std::filesystem::remove_all(path_); }
  GroupDir(const GroupDir&) = delete;
  GroupDir& operator=(const GroupDir&) = delete;

  std::string Write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = path_ + "/" + name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return file;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace muster::cli
