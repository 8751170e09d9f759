/* contentfs IMAGE MNT -o subtype=dvs,fsname=/var/lib/cps-local/<32 hex>
 *
 * What DVS shows of an artifact of CPS, played by FUSE: a read-only directory with one file, "rootfs", which is IMAGE. SIGUSR1: from now on
 * every request hangs, as when all servers are gone; SIGUSR2: they go on. SIGTERM: it ends. */
#define FUSE_USE_VERSION 31
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int image = -1;
static off_t image_size;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t goes_on = PTHREAD_COND_INITIALIZER;
static int is_hung;

static void wait_while_hung(void) {
  pthread_mutex_lock(&mutex);
  while (is_hung) pthread_cond_wait(&goes_on, &mutex);
  pthread_mutex_unlock(&mutex);
}

static int is_image(const char *path) { return strcmp(path, "/rootfs") == 0; }

static int on_getattr(const char *path, struct stat *out, struct fuse_file_info *file) {
  (void)file;
  wait_while_hung();
  memset(out, 0, sizeof(*out));
  if (strcmp(path, "/") == 0) {
    out->st_mode = S_IFDIR | 0755;
    out->st_nlink = 2;
  } else if (is_image(path)) {
    out->st_mode = S_IFREG | 0444;
    out->st_nlink = 1;
    out->st_size = image_size;
  } else {
    return -ENOENT;
  }
  return 0;
}

static int on_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
                      struct fuse_file_info *file, enum fuse_readdir_flags flags) {
  (void)path, (void)offset, (void)file, (void)flags;
  wait_while_hung();
  fill(buffer, ".", NULL, 0, 0);
  fill(buffer, "..", NULL, 0, 0);
  fill(buffer, "rootfs", NULL, 0, 0);
  return 0;
}

static int on_open(const char *path, struct fuse_file_info *file) {
  wait_while_hung();
  if (!is_image(path)) return -ENOENT;
  return (file->flags & O_ACCMODE) == O_RDONLY ? 0 : -EROFS;
}

static int on_read(const char *path, char *buffer, size_t size, off_t offset,
                   struct fuse_file_info *file) {
  (void)path, (void)file;
  wait_while_hung();
  const ssize_t n = pread(image, buffer, size, offset);
  return n < 0 ? -errno : (int)n;
}

static void *on_signals(void *unused) {
  (void)unused;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGUSR2);
  for (int signal; sigwait(&set, &signal) == 0;) {
    pthread_mutex_lock(&mutex);
    is_hung = signal == SIGUSR1;
    pthread_cond_broadcast(&goes_on);
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}

/* In the process that stays, after FUSE has gone to the background. */
static void *on_init(struct fuse_conn_info *connection, struct fuse_config *config) {
  (void)connection;
  config->attr_timeout = config->entry_timeout = 0;
  pthread_t thread;
  pthread_create(&thread, NULL, on_signals, NULL);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: contentfs IMAGE MNT [-o OPTIONS]\n");
    return 2;
  }
  struct stat info;
  image = open(argv[1], O_RDONLY | O_CLOEXEC);
  if (image < 0 || fstat(image, &info) != 0) {
    perror(argv[1]);
    return 1;
  }
  image_size = info.st_size;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGUSR2);
  sigprocmask(SIG_BLOCK, &set, NULL);
  static const struct fuse_operations operations = {.init = on_init,
                                                    .getattr = on_getattr,
                                                    .readdir = on_readdir,
                                                    .open = on_open,
                                                    .read = on_read};
  argv[1] = argv[0];
  return fuse_main(argc - 1, argv + 1, &operations, NULL);
}
