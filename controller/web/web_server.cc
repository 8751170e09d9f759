#include "controller/web/web_server.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "controller/web/page_files.h"

namespace muster {
namespace {

// Nothing from elsewhere, nothing inline, in no frame.
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const char* TypeOf(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  return "image/svg+xml";
}

WebAnswer PageFileOf(const std::string& path) {
  const std::string name = path == "/" ? "index.html" : path.substr(1);
  const auto files = PageFiles();
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&name](const PageFile& file) { return file.name == name; });
  if (found == files.end()) return WebError(404, "there is no " + path);
  return {.type = TypeOf(name), .body = std::string(found->text)};
}

WebAnswer WithHeaders(WebAnswer answer) {
  answer.headers["Content-Security-Policy"] = kPolicy;
  answer.headers["X-Content-Type-Options"] = "nosniff";
  answer.headers["Referrer-Policy"] = "no-referrer";
  answer.headers["Cache-Control"] = "no-store";
  return answer;
}

}  // namespace

WebServer::WebServer(Options options, const WebAccess& access, const WebSources& sources,
                     JobControl& control, JobReader& feed_jobs, Refusals& refusals)
    : options_(std::move(options)),
      access_(access),
      sources_(sources),
      refusals_(refusals),
      api_(sources, options_.started),
      feed_(sources.fleet, control, feed_jobs) {}

absl::Status WebServer::Start() {
  {
    const MutexLock lock(mutex_);
    worker_ = std::make_unique<Worker>();
  }
  absl::StatusOr<std::unique_ptr<WebListener>> server =
      WebListener::Start(options_.listen, options_.tls, *this);
  MUSTER_RETURN_IF_ERROR(server.status());
  server_ = *std::move(server);
  feed_.Start();
  return absl::OkStatus();
}

void WebServer::Stop() {
  feed_.Stop();
  std::unique_ptr<Worker> worker;
  {
    const MutexLock lock(mutex_);
    worker = std::move(worker_);
  }
  worker.reset();
  // The library does not end while a request waits for its answer.
  unanswered_->End(WithHeaders(WebError(503, "the web port is being stopped: try again")));
  server_.reset();
}

bool WebServer::Post(std::function<void()> work) {
  const MutexLock lock(mutex_);
  return worker_ != nullptr && worker_->Post(std::move(work));
}

void WebServer::Handle(WebRequest request, Done done) {
  const Done answer = [done = Unanswered::Add(unanswered_, std::move(done))](WebAnswer given) {
    done(WithHeaders(std::move(given)));
  };
  if (const absl::Status status = access_.Check(request); !status.ok()) {
    if (request.certificate || !request.authorization.empty())
      refusals_.Note(Refusal::kUnauthorized, request.source, Message(status));
    WebAnswer refused = WebError(401, Message(status));
    refused.headers["WWW-Authenticate"] = "Basic realm=\"Muster\", charset=\"UTF-8\"";
    return answer(std::move(refused));
  }
  const bool needs_work = request.path == "/metrics" || request.path.starts_with("/api/");
  if (!needs_work) return answer(PageFileOf(request.path));
  const bool is_taken =
      Post([this, request = std::move(request), answer] { Work(request, answer); });
  if (!is_taken) answer(WebError(503, "the controller has too many calls waiting: try again"));
}

void WebServer::Work(const WebRequest& request, const Done& done) {
  if (request.path == "/metrics")
    return done({.type = "text/plain; version=0.0.4; charset=utf-8", .body = options_.metrics()});
  if (request.path == "/api/events") return done(OpenStream(request));
  api_.Handle(request, done);
}

WebAnswer WebServer::OpenStream(const WebRequest& request) {
  const auto job = request.query.find("job");
  const std::string id = job == request.query.end() ? "" : job->second;
  if (!id.empty()) {
    const absl::StatusOr<JobSummary> found = sources_.jobs.GetJob(id);
    if (!found.ok()) return WebError(404, Message(found.status()));
  }
  std::shared_ptr<WebStream> stream =
      feed_.Open(id, [this, request] { return access_.Check(request).ok(); });
  if (stream == nullptr) return WebError(503, "too many look at the map at once: try again later");
  return {.type = "text/event-stream", .stream = std::move(stream)};
}

}  // namespace muster
