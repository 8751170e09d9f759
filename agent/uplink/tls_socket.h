// A non-blocking TCP connection with TLS on it. It waits for nothing and watches nothing: its owner
// polls the descriptor and calls again. Loop thread only. Errors are verb phrases that follow "the
// controller at ADDRESS".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/uplink/controller_address.h"
#include "agent/uplink/tls_client.h"
#include "common/status.h"

namespace muster {

class TlsSocket {
 public:
  explicit TlsSocket(SslPtr ssl);
  ~TlsSocket();
  TlsSocket(const TlsSocket&) = delete;
  TlsSocket& operator=(const TlsSocket&) = delete;

  // Begins to connect; when the descriptor is writable, FinishConnect says how it went.
  absl::Status StartConnect(const Endpoint& endpoint);
  absl::Status FinishConnect();

  // True when the handshake is done and the peer is a controller.
  absl::StatusOr<bool> Handshake(const std::string& controller_pattern);

  // How many bytes went; 0: none can now. Any of these may have to wait for either direction, whatever its own is, so call
  // both after each readiness.
  absl::StatusOr<size_t> Read(uint8_t* to, size_t size);
  absl::StatusOr<size_t> Write(std::string_view bytes);

  // Something waits for the descriptor to become writable. Readability is always worth watching.
  bool wants_write() const { return read_wants_write_ || write_wants_write_; }
  int fd() const { return fd_; }

  // Says goodbye, without waiting for the peer's, and closes.
  void Close();

 private:
  // 0 if the call has to be repeated, and notes for what; else the failure.
  absl::StatusOr<size_t> Blocked(int result, int error_number, bool& wants_write);

  SslPtr ssl_;
  int fd_ = -1;
  bool is_secure_ = false;
  bool is_broken_ = false;  // OpenSSL forbids a goodbye after a failure
  bool read_wants_write_ = false;
  bool write_wants_write_ = false;
};

}  // namespace muster
