// The SHA-256 of what comes in pieces. One thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace muster {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Add(const std::string& piece);
  // Of all pieces, 32 bytes. Once, at the end.
  std::string Finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace muster
