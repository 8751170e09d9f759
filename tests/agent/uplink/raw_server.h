// A server that says HTTP/2 byte by byte, so that it can say it wrong. Each test gives a script
// that runs on the server's thread for each connection, one after the other; a script that waits
// for what does not come gives up after 20 s and the connection ends.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace muster {

enum class FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kReset = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kWindowUpdate = 8,
};
inline constexpr uint8_t kEndStream = 1;
inline constexpr uint8_t kAck = 1;

struct RawFrame {
  FrameType type{};
  uint8_t flags = 0;
  uint32_t stream = 0;
  std::string payload;
};

using RawHeaders = std::vector<std::pair<std::string, std::string>>;

// One accepted connection, after the TLS handshake.
class RawConnection {
 public:
  explicit RawConnection(SSL* ssl) : ssl_(ssl) {}

  void Write(const std::string& bytes);
  void WriteFrame(FrameType type, uint8_t flags, uint32_t stream, const std::string& payload);
  void WriteHeaders(const RawHeaders& headers, uint8_t flags = 0);
  // Reads the client's preface and answers with SETTINGS; then waits for the client's request.
  void Greet();
  // Greet, and a good response's headers.
  void Answer();
  // The next frame of that type, others being passed over. False: none came.
  bool WaitFor(FrameType type, RawFrame* frame = nullptr);
  // Sends a PING and reads all that the client had sent before it saw that.
  bool WaitForPong();
  // DATA frames with content that were read.
  int data_frames() const { return data_frames_; }
  // Until the client closes.
  void WaitForClose();

 private:
  bool Read(size_t size, std::string* bytes);
  bool ReadFrame(RawFrame* frame);

  SSL* ssl_;
  int data_frames_ = 0;
};

class RawServer {
 public:
  using Script = std::function<void(RawConnection&)>;

  // `alpn` is the only protocol it agrees to; with an empty one it agrees to none and goes on.
  RawServer(const std::string& tls_dir, Script script, const std::string& alpn = "h2");
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  std::string address() const;

 private:
  void Serve();
  void ServeOne(int fd);

  const Script script_;
  const std::string alpn_;
  SSL_CTX* context_ = nullptr;
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
};

// A message with gRPC's prefix.
std::string GrpcFrame(const std::string& message);

}  // namespace muster
