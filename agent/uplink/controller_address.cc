#include "agent/uplink/controller_address.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace muster {
namespace {

// More addresses than this for one name is a mistake in the name service.
constexpr size_t kMaxEndpoints = 8;
// The child answers with this in one write, which a pipe keeps whole (its size is under PIPE_BUF, pipe(7)).
struct Answer {
  int error = 0;  // of getaddrinfo
  uint32_t count = 0;
  std::array<socklen_t, kMaxEndpoints> sizes{};
  std::array<sockaddr_storage, kMaxEndpoints> addresses{};
};
static_assert(sizeof(Answer) < 4096);

Answer LookUp(const HostPort& address, int flags) {
  Answer answer;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  answer.error = getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &list);
  if (answer.error != 0) return answer;
  for (const addrinfo* i = list; i != nullptr && answer.count < kMaxEndpoints; i = i->ai_next) {
    answer.sizes[answer.count] = i->ai_addrlen;
    std::memcpy(&answer.addresses[answer.count], i->ai_addr, i->ai_addrlen);
    ++answer.count;
  }
  freeaddrinfo(list);
  return answer;
}

std::string NumericHost(const sockaddr_storage& address, socklen_t size) {
  std::array<char, NI_MAXHOST> host{};
  const int error = getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host.data(),
                                host.size(), nullptr, 0, NI_NUMERICHOST);
  return error == 0 ? host.data() : "?";
}

absl::StatusOr<std::vector<Endpoint>> Endpoints(const HostPort& address, const Answer& answer,
                                                bool host_is_name) {
  if (answer.error != 0 || answer.count == 0) {
    return MakeStatus(absl::StatusCode::kUnavailable,
                      "the controller's name {} cannot be looked up: {}", address.host,
                      answer.error != 0 ? gai_strerror(answer.error) : "it has no address");
  }
  std::vector<Endpoint> endpoints;
  for (uint32_t i = 0; i < answer.count && i < kMaxEndpoints; ++i) {
    Endpoint& endpoint = endpoints.emplace_back();
    endpoint.address = answer.addresses[i];
    endpoint.address_size = answer.sizes[i];
    endpoint.host = address.host;
    endpoint.host_is_name = host_is_name;
    endpoint.text = host_is_name ? fmt::format("{} ({})", address.text,
                                               NumericHost(endpoint.address, endpoint.address_size))
                                 : address.text;
  }
  return endpoints;
}

// Closes what the agent has open, above all the lock on its ledger, which must not outlive it here.
void CloseFrom(unsigned first) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, first, ~0u, 0u) == 0) return;
#endif
  const long end = sysconf(_SC_OPEN_MAX);
  for (long fd = first; fd < end; ++fd) close(static_cast<int>(fd));
}

[[noreturn]] void RunChild(const HostPort& address, int answer_fd, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  constexpr int kAnswerFd = 3;
  if (answer_fd != kAnswerFd && dup2(answer_fd, kAnswerFd) < 0) _exit(1);
  CloseFrom(kAnswerFd + 1);
  const Answer answer = LookUp(address, AI_ADDRCONFIG);
  const ssize_t written = write(kAnswerFd, &answer, sizeof answer);
  _exit(written == sizeof answer ? 0 : 1);
}

}  // namespace

AddressLookup::AddressLookup(sd_event* event, const HostPort& address, Duration timeout, Done done)
    : address_(address), done_(std::move(done)), result_(std::vector<Endpoint>()) {
  finish_soon_ = MakeDeferred(
      event,
      [](sd_event_source*, void* self) {
        auto* lookup = static_cast<AddressLookup*>(self);
        lookup->Finish(std::move(lookup->result_));
        return 0;
      },
      this);
  const Answer numeric = LookUp(address_, AI_NUMERICHOST);
  if (numeric.error == 0) {
    result_ = Endpoints(address_, numeric, false);
    RunSoon(finish_soon_);
    return;
  }
  timer_ = MakeTimer(
      event, 250ms,
      [](sd_event_source*, uint64_t, void* self) {
        auto* lookup = static_cast<AddressLookup*>(self);
        lookup->Finish(MakeStatus(absl::StatusCode::kUnavailable,
                                  "the controller's name {} cannot be looked up: no name server "
                                  "answered in time",
                                  lookup->address_.host));
        return 0;
      },
      this);
  Arm(timer_, timeout);
  if (absl::Status started = StartChild(event); !started.ok()) {
    result_ = started;
    RunSoon(finish_soon_);
  }
}

AddressLookup::~AddressLookup() { EndChild(); }

absl::Status AddressLookup::StartChild(sd_event* event) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return ErrnoStatus(errno, "make a pipe for a look-up");
  answer_fd_ = ends[0];
  const pid_t self = getpid();
  child_ = fork();
  if (child_ == 0) RunChild(address_, ends[1], self);
  const int fork_error = errno;
  close(ends[1]);
  if (child_ < 0) return ErrnoStatus(fork_error, "start a child for a look-up");

  sd_event_source* source = nullptr;
  const int added = sd_event_add_io(
      event, &source, answer_fd_, EPOLLIN,
      [](sd_event_source*, int, uint32_t, void* lookup) {
        static_cast<AddressLookup*>(lookup)->ReadAnswer();
        return 0;
      },
      this);
  if (added < 0) return ErrnoStatus(-added, "watch a look-up");
  answer_.reset(source);
  return absl::OkStatus();
}

void AddressLookup::ReadAnswer() {
  Answer answer;
  if (read(answer_fd_, &answer, sizeof answer) != sizeof answer) {
    return Finish(MakeStatus(absl::StatusCode::kUnavailable,
                             "the controller's name {} cannot be looked up: the child that did it "
                             "has died",
                             address_.host));
  }
  Finish(Endpoints(address_, answer, true));
}

void AddressLookup::Finish(absl::StatusOr<std::vector<Endpoint>> result) {
  EndChild();
  // The callee may destroy this object, and the function with it.
  const Done done = std::exchange(done_, nullptr);
  done(std::move(result));
}

void AddressLookup::EndChild() {
  Disarm(finish_soon_);
  timer_.reset();
  answer_.reset();
  if (answer_fd_ >= 0) close(std::exchange(answer_fd_, -1));
  if (child_ <= 0) return;
  // It has answered or is not wanted any more; it holds nothing that a kill could leave in a bad state.
  kill(child_, SIGKILL);
  while (waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
}

}  // namespace muster
