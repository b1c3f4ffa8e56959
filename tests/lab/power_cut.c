/* Preloaded into the gateway (LD_PRELOAD): remembers how much of each file was really forced to the disk, so that a test can take
 * away the rest, as a power cut does, and ends the process in the middle of one chosen system call.
 *
 * POWER_CUT_SYNCED  file to which "INODE SIZE" is appended after every fdatasync of a regular file
 * POWER_CUT_AT      number of the fdatasync in which the power goes; POWER_CUT_WHEN: before | after it took effect */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long calls;

static void told(const struct stat *status) {
  const char *path = getenv("POWER_CUT_SYNCED");
  if (path == NULL || !S_ISREG(status->st_mode)) return;
  int out = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  dprintf(out, "%lu %ld\n", (unsigned long)status->st_ino, (long)status->st_size);
  close(out);
}

static void cut(const char *when) {
  const char *at = getenv("POWER_CUT_AT"), *wanted = getenv("POWER_CUT_WHEN");
  if (at == NULL || wanted == NULL || strcmp(wanted, when) != 0 || atol(at) != atomic_load(&calls)) return;
  kill(getpid(), SIGKILL);
  pause();
}

int fdatasync(int file) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  struct stat before;
  fstat(file, &before); /* what is added meanwhile need not be on the disk */
  atomic_fetch_add(&calls, 1);
  cut("before");
  int result = real(file);
  if (result == 0) told(&before);
  cut("after");
  return result;
}
