// Certificates for tests: an authority that lives as long as its object, and leaves with whatever
// is right or wrong about them. One thread. A failure of OpenSSL ends the test program.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/time.h"

struct evp_pkey_st;
struct x509_st;

namespace muster {

// A new directory that goes with its object, with all that is in it.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Leaf {
  std::string common_name = "test";
  std::vector<std::string> uris;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  // From now.
  Duration not_before = -60min;
  Duration not_after = 24 * 60min;
};

class TestCa {
 public:
  explicit TestCa(const std::string& common_name = "test CA");
  ~TestCa();
  TestCa(const TestCa&) = delete;
  TestCa& operator=(const TestCa&) = delete;

  const std::string& pem() const { return pem_; }

  struct Issued {
    std::string certificate_pem;
    std::string key_pem;
  };
  // For servers and clients; EC P-256.
  Issued Issue(const Leaf& leaf) const;
  // Writes ca.pem, cert.pem and key.pem; the directory is made.
  void WriteTlsDir(const std::string& directory, const Leaf& leaf) const;

 private:
  evp_pkey_st* key_ = nullptr;
  x509_st* certificate_ = nullptr;
  std::string pem_;
};

}  // namespace muster
