/*
 * Loaded into the service (LD_PRELOAD): every write and every fsync of a regular file below $SLOW_DISK takes 8 ms longer, as on a slow disk.
 * The time passes before the write: whoever is killed meanwhile has not written.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static void delay(int file) {
  static const char *directory;
  static size_t length;
  if (!directory) {
    directory = getenv("SLOW_DISK");
    if (!directory) directory = "";
    length = strlen(directory);
  }
  if (length == 0) return;
  struct stat about;
  if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) return;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t size = readlink(link, path, sizeof path);
  if (size < (ssize_t)length || strncmp(path, directory, length) != 0) return;
  struct timespec time = {0, 8 * 1000 * 1000};
  nanosleep(&time, NULL);
}

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

int fsync(int file) {
  REAL(fsync);
  delay(file);
  return real(file);
}

int fdatasync(int file) {
  REAL(fdatasync);
  delay(file);
  return real(file);
}

ssize_t write(int file, const void *bytes, size_t size) {
  REAL(write);
  delay(file);
  return real(file, bytes, size);
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t at) {
  REAL(pwrite);
  delay(file);
  return real(file, bytes, size, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t at) {
  REAL(pwrite64);
  delay(file);
  return real(file, bytes, size, at);
}
