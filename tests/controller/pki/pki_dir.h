// A temporary directory for one test, with a CA in it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "controller/pki/certificate.h"
#include "controller/pki/pki.h"

namespace muster {

class PkiDir : public testing::Test {
 protected:
  PkiDir() {
    std::string pattern = testing::TempDir() + "/pki.XXXXXX";
    dir_ = mkdtemp(pattern.data());
  }
  ~PkiDir() override { std::filesystem::remove_all(dir_); }

  std::string At(const std::string& path) const { return dir_ + "/" + path; }

  std::string TextOf(const std::string& path) const {
    std::ifstream file(At(path));
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  // Makes the CA on first use.
  absl::Status Issue(const IssueRequest& request, const std::string& out) {
    if (!std::filesystem::exists(At("ca"))) {
      EXPECT_TRUE(InitCa(At("ca")).ok());
    }
    const absl::StatusOr<CertificateAuthority> ca = CertificateAuthority::Load(At("ca"));
    if (!ca.ok()) return ca.status();
    return ca->Issue(request, At(out));
  }

  CertificateInfo InfoOf(const std::string& path) const {
    const absl::StatusOr<CertificateInfo> info = ReadCertificate(TextOf(path));
    EXPECT_TRUE(info.ok()) << path << ": " << info.status();
    return info.ok() ? *info : CertificateInfo();
  }

 private:
  std::string dir_;
};

}  // namespace muster
