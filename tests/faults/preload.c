// Faults on demand in a program that knows nothing of them (LD_PRELOAD): allocations that fail, writes to
// files that fail or fall short, a disk that is slow, a wall clock that jumps, time that runs fast. The test and
// the program share a page, the file named by FAULTS_PAGE; without it nothing fails.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "faults.h"

static struct page nothing = {.write_room = -1};
struct page *faults = &nothing;

static void *(*next_malloc)(size_t);
static void *(*next_calloc)(size_t, size_t);
static void *(*next_realloc)(void *, size_t);
static int (*next_memalign)(void **, size_t, size_t);
static void *(*next_aligned)(size_t, size_t);
static ssize_t (*next_write)(int, const void *, size_t);
static int (*next_fdatasync)(int);
static int (*next_fsync)(int);
static int (*next_clock)(clockid_t, struct timespec *);
static int (*next_epoll)(int, struct epoll_event *, int, int);
static int (*next_timer)(int, int, const struct itimerspec *, struct itimerspec *);

// dlsym itself may allocate before anything is known.
static char early[8192];
static size_t early_used;

static void *early_memory(size_t size) {
  const size_t aligned = (size + 15) & ~(size_t)15;
  if (early_used + aligned > sizeof early) return NULL;
  void *memory = early + early_used;
  early_used += aligned;
  return memory;
}

static int is_early(const void *memory) {
  return (const char *)memory >= early && (const char *)memory < early + sizeof early;
}

static void find(void *function, const char *name) { *(void **)function = dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void begin(void) {
  find(&next_calloc, "calloc");
  find(&next_malloc, "malloc");
  find(&next_realloc, "realloc");
  find(&next_memalign, "posix_memalign");
  find(&next_aligned, "aligned_alloc");
  find(&next_write, "write");
  find(&next_fdatasync, "fdatasync");
  find(&next_fsync, "fsync");
  find(&next_clock, "clock_gettime");
  find(&next_timer, "timerfd_settime");
  find(&next_epoll, "epoll_wait");
  const char *path = getenv("FAULTS_PAGE");
  if (path == NULL) return;
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void *shared = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (shared != MAP_FAILED) faults = shared;
}

static int fails(void) {
  const int64_t number = atomic_fetch_add(&faults->allocations, 1) + 1;
  const int64_t first = atomic_load(&faults->first_failing);
  if (first == 0 || number < first || number >= first + atomic_load(&faults->failing)) return 0;
  atomic_fetch_add(&faults->failed, 1);
  errno = ENOMEM;
  return 1;
}

void *malloc(size_t size) {
  if (next_malloc == NULL) find(&next_malloc, "malloc");
  if (next_malloc == NULL) return early_memory(size);
  return fails() ? NULL : next_malloc(size);
}

void *calloc(size_t count, size_t size) {
  if (next_calloc == NULL) return early_memory(count * size);  // zero, and never used again
  return fails() ? NULL : next_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
  if (next_realloc == NULL) find(&next_realloc, "realloc");
  if (memory != NULL && is_early(memory)) return NULL;
  return fails() ? NULL : next_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  return fails() ? NULL : next_aligned(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  return fails() ? ENOMEM : next_memalign(memory, alignment, size);
}

void free(void *memory) {
  static void (*next_free)(void *);
  if (memory == NULL || is_early(memory)) return;
  if (next_free == NULL) find(&next_free, "free");
  next_free(memory);
}

ssize_t write(int fd, const void *bytes, size_t size) {
  if (next_write == NULL) find(&next_write, "write");
  const int error = (int)atomic_load(&faults->write_error);
  struct stat status;
  if (error == 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return next_write(fd, bytes, size);
  const int64_t room = atomic_load(&faults->write_room);
  if (room < 0) return next_write(fd, bytes, size);
  if (room == 0) {
    errno = error;
    return -1;
  }
  const size_t taken = size < (size_t)room ? size : (size_t)room;
  atomic_fetch_sub(&faults->write_room, (int64_t)taken);
  return next_write(fd, bytes, taken);
}

static int sync_of(int (*next)(int), int fd) {
  const int error = (int)atomic_load(&faults->sync_error);
  const int64_t delay = atomic_load(&faults->sync_delay);
  if (delay != 0) {
    const struct timespec pause = {.tv_sec = delay / 1000, .tv_nsec = delay % 1000 * 1000000};
    nanosleep(&pause, NULL);
  }
  if (error == 0) return next(fd);
  errno = error;
  return -1;
}
int fdatasync(int fd) { return sync_of(next_fdatasync, fd); }
int fsync(int fd) { return sync_of(next_fsync, fd); }

static const int64_t second = 1000000000;

static struct timespec timespec_of(int64_t nanoseconds) {
  return (struct timespec){.tv_sec = nanoseconds / second, .tv_nsec = nanoseconds % second};
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  if (next_clock == NULL) find(&next_clock, "clock_gettime");
  const int result = next_clock(clock, now);
  if (result == 0 && clock == CLOCK_REALTIME) now->tv_sec += atomic_load(&faults->clock_offset);
  const int64_t speed = atomic_load(&faults->speed);
  if (result == 0 && clock == CLOCK_MONOTONIC && speed != 0) {
    *now = timespec_of((now->tv_sec * second + now->tv_nsec) * speed);
  }
  return result;
}

int epoll_wait(int set, struct epoll_event *events, int most, int patience) {
  const int speed = (int)atomic_load(&faults->speed);
  // Rounded up, as the waiter did: woken too early it would only wait again.
  return next_epoll(set, events, most, speed == 0 || patience <= 0 ? patience : (patience + speed - 1) / speed);
}

int timerfd_settime(int fd, int flags, const struct itimerspec *wanted, struct itimerspec *before) {
  const int64_t speed = atomic_load(&faults->speed);
  const int64_t wait = wanted->it_value.tv_sec * second + wanted->it_value.tv_nsec;
  if (speed == 0 || wait == 0) return next_timer(fd, flags, wanted, before);
  // 0 would be never.
  const struct itimerspec sooner = {.it_value = timespec_of(wait < speed ? 1 : wait / speed)};
  return next_timer(fd, flags, &sooner, before);
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  struct timespec exact;
  if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return -1;
  now->tv_sec = exact.tv_sec;
  now->tv_usec = exact.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *where) {
  struct timespec exact;
  clock_gettime(CLOCK_REALTIME, &exact);
  if (where != NULL) *where = exact.tv_sec;
  return exact.tv_sec;
}
