// System calls that fail on demand (LD_PRELOAD, with preload.c): of those that set something up or ask, the one
// with the number that the test wants. What carries bytes of connections is not among them,
// nor what cannot fail (fcntl; reading pipes and counters).
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "faults.h"

static int call_fails(const char *name) {
  const int64_t number = atomic_fetch_add(&faults->calls, 1) + 1;
  if (number != atomic_load(&faults->failing_call)) return 0;
  strncpy(faults->failed_call, name, sizeof faults->failed_call - 1);
  atomic_fetch_add(&faults->calls_failed, 1);
  errno = (int)atomic_load(&faults->call_error);
  return 1;
}

// The same function, but for the call whose turn it is.
#define CALL(type, failure, name, parameters, arguments)                        \
  type name parameters {                                                        \
    static type(*next) parameters;                                              \
    if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, #name);                \
    return call_fails(#name) ? failure : next arguments;                             \
  }

CALL(int, -1, socket, (int family, int type, int protocol), (family, type, protocol))
CALL(int, -1, bind, (int fd, const struct sockaddr *at, socklen_t size), (fd, at, size))
CALL(int, -1, listen, (int fd, int backlog), (fd, backlog))
CALL(int, -1, connect, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))
CALL(int, -1, accept4, (int fd, struct sockaddr *from, socklen_t *size, int flags), (fd, from, size, flags))
CALL(int, -1, getsockname, (int fd, struct sockaddr *here, socklen_t *size), (fd, here, size))
CALL(int, -1, getsockopt, (int fd, int level, int option, void *value, socklen_t *size),
     (fd, level, option, value, size))
CALL(int, -1, setsockopt, (int fd, int level, int option, const void *value, socklen_t size),
     (fd, level, option, value, size))
CALL(int, -1, shutdown, (int fd, int how), (fd, how))
CALL(int, -1, epoll_create1, (int flags), (flags))
CALL(int, -1, eventfd, (unsigned count, int flags), (count, flags))
CALL(int, -1, timerfd_create, (int clock, int flags), (clock, flags))
CALL(int, -1, inotify_init1, (int flags), (flags))
CALL(int, -1, inotify_add_watch, (int fd, const char *path, uint32_t mask), (fd, path, mask))
CALL(int, -1, memfd_create, (const char *name, unsigned flags), (name, flags))
CALL(int, -1, getifaddrs, (struct ifaddrs * *list), (list))
CALL(int, -1, stat, (const char *restrict path, struct stat *restrict found), (path, found))
CALL(int, -1, lstat, (const char *restrict path, struct stat *restrict found), (path, found))
CALL(int, -1, fstat, (int fd, struct stat *found), (fd, found))
CALL(int, -1, fchmod, (int fd, mode_t mode), (fd, mode))
CALL(int, -1, chmod, (const char *path, mode_t mode), (path, mode))
CALL(int, -1, lchown, (const char *path, uid_t owner, gid_t group), (path, owner, group))
CALL(int, -1, ftruncate, (int fd, off_t size), (fd, size))
CALL(int, -1, flock, (int fd, int operation), (fd, operation))
CALL(int, -1, link, (const char *from, const char *to), (from, to))
CALL(int, -1, rename, (const char *from, const char *to), (from, to))
CALL(int, -1, renameat2, (int a, const char *from, int b, const char *to, unsigned flags), (a, from, b, to, flags))
CALL(int, -1, unlink, (const char *path), (path))
CALL(int, -1, mkdir, (const char *path, mode_t mode), (path, mode))
CALL(int, -1, getrlimit, (__rlimit_resource_t of, struct rlimit *limit), (of, limit))
CALL(int, -1, setrlimit, (__rlimit_resource_t of, const struct rlimit *limit), (of, limit))
CALL(off_t, -1, lseek, (int fd, off_t offset, int whence), (fd, offset, whence))
CALL(ssize_t, -1, pread, (int fd, void *bytes, size_t size, off_t offset), (fd, bytes, size, offset))
CALL(FILE *, NULL, fopen, (const char *restrict path, const char *restrict mode), (path, mode))
CALL(DIR *, NULL, opendir, (const char *path), (path))

static int is(int fd, mode_t kind) {
  struct stat found;
  return syscall(SYS_fstat, fd, &found) == 0 && (found.st_mode & S_IFMT) == kind;
}

// Of files only: what waits in a pipe or a counter can be read.
ssize_t read(int fd, void *bytes, size_t size) {
  static ssize_t (*next)(int, void *, size_t);
  if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, "read");
  return is(fd, S_IFREG) && call_fails("read") ? -1 : next(fd, bytes, size);
}

// Of sockets only: Asio does not look at whether its own pipes and timers could be watched.
int epoll_ctl(int set, int operation, int fd, struct epoll_event *event) {
  static int (*next)(int, int, int, struct epoll_event *);
  if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, "epoll_ctl");
  return is(fd, S_IFSOCK) && call_fails("epoll_ctl") ? -1 : next(set, operation, fd, event);
}

int open(const char *path, int flags, ...) {
  static int (*next)(const char *, int, ...);
  if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, "open");
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return call_fails("open") ? -1 : next(path, flags, mode);
}

int ioctl(int fd, unsigned long request, ...) {
  static int (*next)(int, unsigned long, ...);
  if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, "ioctl");
  va_list more;
  va_start(more, request);
  void *const argument = va_arg(more, void *);
  va_end(more);
  return call_fails("ioctl") ? -1 : next(fd, request, argument);
}
