/* orca_stub - stand-in for the ORCA daemon, and for every way in which a service can misbehave.
 *
 *   --subscribe HOST:PORT   POST a subscription of this node (/etc/xname) to HMNFD before being ready; end with 1 if it is refused.
 *                           "Subscription exists" (400) counts as subscribed unless --exists-is-an-error is given.
 *   --how HOW               how it subscribes: v2-post (unless given); v2-patch and v1-patch, which HMNFD answers well and which make no
 *                           subscription where there is none; delete-post, DELETE and then POST; v1-post
 *   --agent NAME            as this agent; "orca" unless given
 *   --starts FILE           first of all append a line to FILE: seconds since the epoch, boot id, $INVOCATION_ID
 *   --ready-after S         take S seconds before the subscription
 *   --never-ready           never say READY=1
 *   --exit-after S:CODE     after being ready, end with CODE after S seconds
 *   --stop-delay S          take S seconds to stop
 *   --ignore-term           do not stop
 *
 * The subscription carries $INVOCATION_ID in a header that a real HMNFD would ignore: the stand-in writes it down, and the number of distinct
 * ids of a node is the number of its starts, counted from outside. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

struct how {
  const char *name, *method;
  int is_v1, deletes_first;
};

static const struct how hows[] = {{"v2-post", "POST", 0, 0},
                                  {"v2-patch", "PATCH", 0, 0},
                                  {"delete-post", "POST", 0, 1},
                                  {"v1-post", "POST", 1, 0},
                                  {"v1-patch", "PATCH", 1, 0},
                                  {NULL, NULL, 0, 0}};

static int stop_delay;
static int ignore_term;

static void on_term(int signal_number) {
  (void)signal_number;
  if (ignore_term) return;
  for (unsigned left = stop_delay; left > 0;) left = sleep(left);
  _exit(0);
}

static int connect_to(const char *host, const char *port) {
  const struct addrinfo hint = {.ai_socktype = SOCK_STREAM, .ai_family = AF_INET};
  struct addrinfo *address;
  const int error = getaddrinfo(host, port, &hint, &address);
  if (error != 0) {
    fprintf(stderr, "orca: %s: %s\n", host, gai_strerror(error));
    return -1;
  }
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const struct timeval limit = {.tv_sec = 5};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int refused = connect(fd, address->ai_addr, address->ai_addrlen);
  freeaddrinfo(address);
  if (refused) {
    perror("orca: connect");
    close(fd);
    return -1;
  }
  return fd;
}

/* The whole answer, as far as it fits; HTTP/1.0: it ends with the connection. */
static int exchange(int fd, const char *request, size_t length, char *answer, size_t size) {
  if (write(fd, request, length) != (ssize_t)length) return -1;
  size_t have = 0;
  ssize_t n;
  while (have < size - 1 && (n = read(fd, answer + have, size - 1 - have)) > 0) have += n;
  answer[have] = 0;
  return strncmp(answer, "HTTP/1.", 7) == 0 && have > 12 ? atoi(answer + 9) : -1;
}

/* The status of a request on a connection of its own; -1 if there is no answer. */
static int call(const char *where, const char *method, const char *path, const char *body, char *answer, size_t size) {
  char host[128], port[8], request[2048];
  if (sscanf(where, "%127[^:]:%7s", host, port) != 2) return -1;
  const int fd = connect_to(host, port);
  if (fd < 0) return -1;
  const char *invocation = getenv("INVOCATION_ID");
  const int length = snprintf(request, sizeof request,
                              "%s %s HTTP/1.0\r\nHost: %s\r\n"
                              "Content-Type: application/json\r\nContent-Length: %zu\r\nX-Invocation-Id: %s\r\n\r\n%s",
                              method, path, host, strlen(body), invocation ? invocation : "", body);
  const int status = length < (int)sizeof request ? exchange(fd, request, length, answer, size) : -1;
  close(fd);
  return status;
}

static const struct how *find_how(const char *name) {
  for (const struct how *how = hows; how->name != NULL; how++)
    if (!strcmp(how->name, name)) return how;
  return NULL;
}

static int subscribe(const char *where, const struct how *how, const char *agent, int exists_is_an_error) {
  if (strchr(where, ':') == NULL) return 2;
  char xname[64] = "", name[64], path[256], subscriber[256] = "", body[1024], answer[2048] = "";
  FILE *file = fopen("/etc/xname", "re");
  if (file == NULL || fscanf(file, "%63s", xname) != 1) {
    fprintf(stderr, "orca: /etc/xname does not say who I am\n");
    return 1;
  }
  fclose(file);
  gethostname(name, sizeof name);
  if (how->is_v1) {
    snprintf(path, sizeof path, "/hmi/v1/subscribe");
    snprintf(subscriber, sizeof subscriber, "\"Subscriber\":\"%s@%s\",", agent, xname);
  } else {
    snprintf(path, sizeof path, "/hmi/v2/subscriptions/%s/agents/%s", xname, agent);
  }
  snprintf(body, sizeof body,
           "{%s\"Components\":[\"%s\"],\"States\":[\"Ready\",\"Standby\",\"Off\",\"Empty\",\"Unknown\"],"
           "\"Enabled\":true,\"Url\":\"http://%s-nmn:7000/scn\"}",
           subscriber, xname, name);
  if (how->deletes_first) call(where, "DELETE", path, "", answer, sizeof answer);
  const int status = call(where, how->method, path, body, answer, sizeof answer);
  const int exists = status == 400 && strstr(answer, "Subscription exists") != NULL;
  if (status / 100 != 2 && (!exists || exists_is_an_error)) {
    fprintf(stderr, "orca: subscription refused: %.40s\n", status < 0 ? "no answer" : answer);
    return 1;
  }
  fprintf(stderr, "orca: %s is subscribed at %s\n", xname, where);
  return 0;
}

/* In one write, so that lines stay whole: the host may lose its power at any time. */
static int record_start(const char *path) {
  char boot_id[64] = "", line[256];
  FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
  if (file == NULL || fscanf(file, "%63s", boot_id) != 1) return 1;
  fclose(file);
  struct timeval now;
  gettimeofday(&now, NULL);
  const char *invocation = getenv("INVOCATION_ID");
  const int length = snprintf(line, sizeof line, "%ld.%06ld %s %s\n", (long)now.tv_sec, (long)now.tv_usec, boot_id,
                              invocation ? invocation : "-");
  const int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0 || write(fd, line, length) != length) {
    perror("orca: cannot record the start");
    return 1;
  }
  close(fd);
  return 0;
}

int main(int argc, char **argv) {
  const char *hmnfd = NULL, *starts = NULL, *agent = "orca";
  const struct how *how = hows;
  int never_ready = 0, ready_after = 0, exists_is_an_error = 0, exit_after = -1, exit_code = 0;
  for (int i = 1; i < argc; i++) {
    const char *next = i + 1 < argc ? argv[i + 1] : "";
    if (!strcmp(argv[i], "--subscribe")) hmnfd = next, i++;
    else if (!strcmp(argv[i], "--how") && (how = find_how(next)) != NULL) i++;
    else if (!strcmp(argv[i], "--agent")) agent = next, i++;
    else if (!strcmp(argv[i], "--exists-is-an-error")) exists_is_an_error = 1;
    else if (!strcmp(argv[i], "--starts")) starts = next, i++;
    else if (!strcmp(argv[i], "--ready-after")) ready_after = atoi(next), i++;
    else if (!strcmp(argv[i], "--never-ready")) never_ready = 1;
    else if (!strcmp(argv[i], "--ignore-term")) ignore_term = 1;
    else if (!strcmp(argv[i], "--stop-delay")) stop_delay = atoi(next), i++;
    else if (!strcmp(argv[i], "--exit-after") && sscanf(next, "%d:%d", &exit_after, &exit_code) == 2) i++;
    else return 2;
  }
  signal(SIGTERM, on_term);
  if (starts != NULL && record_start(starts)) return 1;
  sleep(ready_after);
  if (hmnfd != NULL) {
    const int failed = subscribe(hmnfd, how, agent, exists_is_an_error);
    if (failed) return failed;
  }
  if (!never_ready) sd_notify(0, "READY=1\nSTATUS=subscribed");
  if (exit_after >= 0) {
    sleep(exit_after);
    return exit_code;
  }
  for (;;) pause();
}
