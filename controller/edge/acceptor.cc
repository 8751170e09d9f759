// Theory of operation: one thread and one epoll set. Of a connection that is not handed over yet the set tells the first byte and the end;
// of one that is, through the duplicate, the end alone. Edges, not levels: what nobody reads here would be told for ever.
#include "controller/edge/acceptor.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "controller/edge/peer_address.h"

namespace muster {
namespace {

constexpr int kEventsAtOnce = 256;
constexpr int kAcceptsAtOnce = 256;
// While no descriptor is left.
constexpr Duration kPause = 500ms;
constexpr uint32_t kListens = EPOLLIN;
constexpr uint32_t kTellsAll = EPOLLIN | EPOLLRDHUP | EPOLLET;
constexpr uint32_t kTellsEnd = EPOLLRDHUP | EPOLLET;

// What an event is about: 0 the eventfd, a listening socket by its descriptor, a connection by its id.
constexpr uint64_t kIsListener = uint64_t{1} << 63;

void Control(int epoll, int operation, int fd, uint32_t events, uint64_t about) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = about;
  epoll_ctl(epoll, operation, fd, &event);
}

bool HasBytes(int fd) {
  char byte = 0;
  return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

std::string Why(Refusal reason, const ConnectionLimits& limits) {
  switch (reason) {
    case Refusal::kSilentConnection:
      return fmt::format("connected and said nothing for {} s", limits.first_byte / 1s);
    case Refusal::kUnopenedConnection:
      return fmt::format("no stream within {} s: the handshake did not end, or nothing followed",
                         limits.opening_time / 1s);
    case Refusal::kStalledHandshake:
      return fmt::format("has many unfinished handshakes, this one for {} s", limits.stall / 1s);
    default:
      return fmt::format("{} connections wait, most of them of this address", limits.waiting);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Acceptor>> Acceptor::Listen(const std::string& address,
                                                           const AcceptorOptions& options,
                                                           Refusals& refusals, const Clock& clock) {
  absl::StatusOr<ListeningSockets> listening = ListenOn(address);
  if (!listening.ok()) return listening.status();
  std::unique_ptr<Acceptor> acceptor(new Acceptor(*std::move(listening), options, refusals, clock));
  if (!acceptor->epoll_.is_open() || !acceptor->wake_.is_open())
    return ErrnoStatus(errno, "listen on " + address);
  return acceptor;
}

Acceptor::Acceptor(ListeningSockets listening, const AcceptorOptions& options, Refusals& refusals,
                   const Clock& clock)
    : listening_(std::move(listening)),
      options_(options),
      refusals_(refusals),
      clock_(clock),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      line_(options.limits) {
  Control(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), EPOLLIN | EPOLLET, 0);
  for (const UniqueFd& fd : listening_.fds) {
    Control(epoll_.get(), EPOLL_CTL_ADD, fd.get(), kListens,
            kIsListener | static_cast<uint64_t>(fd.get()));
  }
}

Acceptor::~Acceptor() { Stop(); }

void Acceptor::Start(HandOver hand_over) {
  hand_over_ = std::move(hand_over);
  thread_ = std::thread([this] { Run(); });
}

void Acceptor::Stop() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  Wake();
  if (thread_.joinable()) thread_.join();
  listening_.fds.clear();
  const MutexLock lock(mutex_);
  connections_.clear();
}

void Acceptor::Run() {
  std::array<epoll_event, kEventsAtOnce> events;
  for (;;) {
    int timeout = 0;
    {
      const MutexLock lock(mutex_);
      if (is_stopping_) return;
      timeout = WaitMs(clock_.Now());
    }
    const int count = epoll_wait(epoll_.get(), events.data(), kEventsAtOnce, timeout);
    const Time now = clock_.Now();
    std::vector<UniqueFd> ready;
    {
      const MutexLock lock(mutex_);
      if (paused_until_ && now >= *paused_until_) SetListening(true, now);
      for (int i = 0; i < count; ++i) OnReady(events[i], now);
      const ConnectionLine::Expired expired = line_.Expire(now);
      for (const ConnectionLine::Drop& drop : expired.drops) DropOne(drop);
      for (const Id id : expired.left) Forget(id);
      ready = TakeTurns(now);
    }
    for (UniqueFd& fd : ready) hand_over_(std::move(fd));
  }
}

int Acceptor::WaitMs(Time now) const {
  const std::optional<Time> next = line_.NextDeadline(now);
  if (!next && !paused_until_) return -1;
  const Time due = std::min(next.value_or(Time::max()), paused_until_.value_or(Time::max()));
  // Up, or the loop would turn until it is due.
  return static_cast<int>(std::max<int64_t>((due - now + 1ms) / 1ms, 0));
}

void Acceptor::OnReady(const epoll_event& event, Time now) {
  const uint64_t about = event.data.u64;
  if (about == 0) {
    uint64_t count = 0;
    while (read(wake_.get(), &count, sizeof(count)) > 0) {
    }
  } else if ((about & kIsListener) != 0) {
    AcceptSome(static_cast<int>(about & ~kIsListener), now);
  } else {
    OnConnection(about, event.events);
  }
}

void Acceptor::AcceptSome(int listener, Time now) {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    UniqueFd fd(accept4(listener, reinterpret_cast<sockaddr*>(&address), &size,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.is_open()) {
      Add(std::move(fd), PeerText(address), now);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      refusals_.Note(
          Refusal::kCrowdedConnection, "everybody",
          "no file descriptor is left; each agent takes one: raise the hard limit (LimitNOFILE=)");
      return SetListening(false, now);
    } else if (errno == EAGAIN) {
      return;
    }  // else this one has gone before it was accepted (accept(2)), and the next may be there
  }
}

void Acceptor::SetListening(bool is_on, Time now) {
  paused_until_ = is_on ? std::nullopt : std::optional<Time>(now + kPause);
  for (const UniqueFd& fd : listening_.fds) {
    Control(epoll_.get(), EPOLL_CTL_MOD, fd.get(), is_on ? kListens : 0,
            kIsListener | static_cast<uint64_t>(fd.get()));
  }
}

void Acceptor::Add(UniqueFd fd, const std::string& peer, Time now) {
  ForgetHanded(fd.get());
  const Id id = ++last_id_;
  Control(epoll_.get(), EPOLL_CTL_ADD, fd.get(), kTellsAll, id);
  connections_.emplace(id, Connection{std::move(fd), peer});
  if (const auto drop = line_.Add(id, NetworkOf(peer), now)) DropOne(*drop);
}

// Whatever had the number is closed.
void Acceptor::ForgetHanded(int fd) {
  const auto peer = handed_by_fd_.find(fd);
  if (peer == handed_by_fd_.end()) return;
  // The same peer may have come again since, by another descriptor.
  const auto it = handed_.find(peer->second);
  if (it != handed_.end() && it->second.fd == fd) handed_.erase(it);
  handed_by_fd_.erase(peer);
}

void Acceptor::OnConnection(Id id, uint32_t events) {
  const auto it = connections_.find(id);
  if (it == connections_.end()) return;  // an event from before it left
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    line_.Remove(id);
    Forget(id);
  } else if (HasBytes(it->second.fd.get())) {
    line_.OnFirstByte(id);
  }
}

void Acceptor::DropOne(const ConnectionLine::Drop& drop) {
  const auto it = connections_.find(drop.id);
  refusals_.Note(drop.why, HostOf(it->second.peer), Why(drop.why, options_.limits));
  // Ends it also where gRPC has the descriptor that this is a duplicate of, or there was none left to duplicate it.
  if (it->second.fd.is_open()) {
    shutdown(it->second.fd.get(), SHUT_RDWR);
  } else if (const auto handed = handed_.find(it->second.peer); handed != handed_.end()) {
    Cut(handed->first, handed->second.fd);
  }
  Forget(drop.id);
}

// Closing a duplicate does not end what the set tells of it (epoll(7), question 6).
void Acceptor::Forget(Id id) {
  const auto it = connections_.find(id);
  if (it == connections_.end()) return;
  if (it->second.fd.is_open()) Control(epoll_.get(), EPOLL_CTL_DEL, it->second.fd.get(), 0, id);
  connections_.erase(it);
}

std::vector<UniqueFd> Acceptor::TakeTurns(Time now) {
  std::vector<UniqueFd> ready;
  for (;;) {
    const ConnectionLine::Turn turn = line_.Next(now);
    if (turn.drop) DropOne(*turn.drop);
    if (!turn.next) return ready;
    ready.push_back(Open(*turn.next));
  }
}

UniqueFd Acceptor::Open(Id id) {
  Connection& connection = connections_.at(id);
  UniqueFd fd = std::move(connection.fd);
  Control(epoll_.get(), EPOLL_CTL_DEL, fd.get(), 0, id);
  handed_.insert_or_assign(connection.peer, Handed{fd.get(), 0, false, id});
  handed_by_fd_.insert_or_assign(fd.get(), connection.peer);
  connection.fd = UniqueFd(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  if (connection.fd.is_open()) {
    Control(epoll_.get(), EPOLL_CTL_ADD, connection.fd.get(), kTellsEnd, id);
  }  // else nobody hears of its end, and its slot is free after opening_time
  return fd;
}

bool Acceptor::OnStream(const std::string& peer) {
  int fd = -1;
  {
    const MutexLock lock(mutex_);
    const auto it = handed_.find(peer);
    if (it == handed_.end()) return true;
    Handed& handed = it->second;
    if (const Id id = std::exchange(handed.opening, 0); id != 0) {
      line_.Remove(id);
      Forget(id);
      if (line_.waiting() > 0) Wake();
    }
    if (options_.max_streams == 0 || ++handed.streams <= options_.max_streams) return true;
    // gRPC may have thousands more of it in its queue.
    if (std::exchange(handed.is_cut, true)) return false;
    fd = handed.fd;
  }
  refusals_.Note(Refusal::kTooManyStreams, HostOf(peer),
                 fmt::format("opened more than {} streams on one connection, which was ended",
                             options_.max_streams));
  Cut(peer, fd);
  return false;
}

// The number may be another connection's by now; of a duplicate it is certain whose it is.
void Acceptor::Cut(const std::string& peer, int fd) {
  const UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getpeername(copy.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
      PeerText(address) == peer) {
    shutdown(copy.get(), SHUT_RDWR);
  }
}

void Acceptor::Wake() {
  const uint64_t one = 1;
  // A full counter has woken it already.
  [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof(one));
}

size_t Acceptor::waiting() const {
  const MutexLock lock(mutex_);
  return line_.waiting();
}

size_t Acceptor::opening() const {
  const MutexLock lock(mutex_);
  return line_.opening();
}

}  // namespace muster
