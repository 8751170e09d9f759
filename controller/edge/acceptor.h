// Accepts the connections of one gRPC server and gives them to it when their turn has come (connection_line.h), so that peers that only
// connect, or connect all at once, cost others little: sources take turns, and one alone has all. A source is an IPv4 address or the
// /64 of an IPv6 address.
//
// gRPC owns a connection from then on. While its handshake lasts the acceptor keeps a duplicate of the descriptor, by which it hears that it
// has ended, and can end it.
//
// Owned by main (by tests); outlives the server. OnStream and the counters from any thread; a thread of its own does the rest.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "common/mutex.h"
#include "common/status.h"
#include "common/unique_fd.h"
#include "controller/edge/connection_line.h"
#include "controller/edge/listening_socket.h"
#include "controller/edge/refusals.h"

namespace muster {

struct AcceptorOptions {
  ConnectionLimits limits;
  // Streams that one connection may open in its life; the next one ends it. 0: no limit.
  uint32_t max_streams = 0;
};

class Acceptor {
 public:
  // Takes a connected socket that does not block, and the duty to close it.
  using HandOver = std::function<void(UniqueFd)>;

  // Listens, but accepts nothing before Start. Errors as of ListenOn.
  static absl::StatusOr<std::unique_ptr<Acceptor>> Listen(const std::string& address,
                                                          const AcceptorOptions& options,
                                                          Refusals& refusals, const Clock& clock);
  ~Acceptor();

  int port() const { return listening_.port; }

  // `hand_over` is called on the acceptor's thread until Stop has returned.
  void Start(HandOver hand_over);
  // Closes the port and whatever was not handed over.
  void Stop();

  // A stream or a call of our services has come on this connection (the peer as gRPC writes it): its handshake is over. Nobody tells of
  // calls to gRPC's own (health, reflection): such a connection counts as opening until opening_time has passed. False if it had more than
  // max_streams; it is then being cut.
  bool OnStream(const std::string& peer);

  size_t waiting() const;
  size_t opening() const;

 private:
  using Id = ConnectionLine::Id;
  struct Connection {
    UniqueFd fd;  // of one that is opening: a duplicate
    std::string peer;
  };
  // One that gRPC has, or had: nobody tells when it goes, but its number is not given to another connection before.
  struct Handed {
    int fd = -1;
    uint32_t streams = 0;
    bool is_cut = false;
    Id opening = 0;  // in the line, if it is there
  };

  Acceptor(ListeningSockets listening, const AcceptorOptions& options, Refusals& refusals,
           const Clock& clock);

  void Run();
  int WaitMs(Time now) const MUSTER_REQUIRES(mutex_);
  void OnReady(const epoll_event& event, Time now) MUSTER_REQUIRES(mutex_);
  void AcceptSome(int listener, Time now) MUSTER_REQUIRES(mutex_);
  void SetListening(bool is_on, Time now) MUSTER_REQUIRES(mutex_);
  void Forget(Id id) MUSTER_REQUIRES(mutex_);
  void ForgetHanded(int fd) MUSTER_REQUIRES(mutex_);
  void Add(UniqueFd fd, const std::string& peer, Time now) MUSTER_REQUIRES(mutex_);
  void OnConnection(Id id, uint32_t events) MUSTER_REQUIRES(mutex_);
  void DropOne(const ConnectionLine::Drop& drop) MUSTER_REQUIRES(mutex_);
  std::vector<UniqueFd> TakeTurns(Time now) MUSTER_REQUIRES(mutex_);
  UniqueFd Open(Id id) MUSTER_REQUIRES(mutex_);
  static void Cut(const std::string& peer, int fd);
  void Wake();

  ListeningSockets listening_;
  const AcceptorOptions options_;
  Refusals& refusals_;
  const Clock& clock_;
  const UniqueFd epoll_;
  const UniqueFd wake_;
  HandOver hand_over_;
  std::thread thread_;

  mutable Mutex mutex_;
  bool is_stopping_ MUSTER_GUARDED_BY(mutex_) = false;
  std::optional<Time> paused_until_ MUSTER_GUARDED_BY(mutex_);  // no descriptor was left
  Id last_id_ MUSTER_GUARDED_BY(mutex_) = 0;
  ConnectionLine line_ MUSTER_GUARDED_BY(mutex_);
  std::unordered_map<Id, Connection> connections_ MUSTER_GUARDED_BY(mutex_);  // those in the line
  std::unordered_map<std::string, Handed> handed_ MUSTER_GUARDED_BY(mutex_);  // by peer
  std::unordered_map<int, std::string> handed_by_fd_ MUSTER_GUARDED_BY(mutex_);
};

}  // namespace muster
