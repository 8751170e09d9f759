// many_cpus - a shared object to preload: a program that asks the C library is told of 128 CPUs, configured and online, as on a compute
// node. What asks the kernel itself is not deceived: Go's runtime, and malloc for the number of its arenas.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/sysinfo.h>
#include <unistd.h>

enum { CPUS = 128 };

int get_nprocs(void) { return CPUS; }

int get_nprocs_conf(void) { return CPUS; }

long sysconf(int name) {
  if (name == _SC_NPROCESSORS_CONF || name == _SC_NPROCESSORS_ONLN) return CPUS;
  long (*libc_sysconf)(int) = (long (*)(int))dlsym(RTLD_NEXT, "sysconf");
  return libc_sysconf(name);
}
