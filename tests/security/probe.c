// What a process can open, signal, mount and ask of the kernel: one line each, so that a pod's list can be
// tried again by plain srun.
//
//   probe PREFIX PATH...    lines of all that it can do; the trees PREFIX/PATH are walked, lines name them
//   without PREFIX probe --again <LINES    tries each line of such a list and prints those that cannot be
//   done here; what is gone by now is left out
#define _GNU_SOURCE
#include "probe_calls.h"
#include <dirent.h>
#include <linux/major.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { max_depth = 5, max_path = 4096 };

// --- files: opened in earnest, but what would disturb somebody by being opened
static int can_open(const char* path, int writing) {
  struct stat st;
  if (lstat(path, &st) != 0)
    return 0;
  if (S_ISREG(st.st_mode) || (S_ISCHR(st.st_mode) && !strstr(path, "watchdog")) || S_ISBLK(st.st_mode)) {
    int fd = as_file(path, (writing ? O_WRONLY : O_RDONLY) | O_NOFOLLOW);
    if (fd >= 0)
      close(fd);
    return fd >= 0 || (errno != EPERM && errno != EACCES && errno != EROFS);
  }
  return !S_ISLNK(st.st_mode) && faccessat(AT_FDCWD, path, writing ? W_OK : R_OK, AT_EACCESS) == 0;
}

// Files are named only where the tree is the node's: what a pod has in its own file systems is its own.
static void walk(const char* prefix, const char* path, int depth, int name_files) {
  char full[max_path], below[max_path];
  struct stat st;
  snprintf(full, sizeof full, "%s%s", prefix, path);
  if (lstat(full, &st) != 0)
    return;
  for (int writing = 0; writing < 2; ++writing)
    if (can_open(full, writing)) {
      if (S_ISCHR(st.st_mode) && major(st.st_rdev) == UNIX98_PTY_SLAVE_MAJOR)
        continue; // a terminal of this pod's own
      if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
        printf("device %c %c%u:%u\n", "rw"[writing], "bc"[S_ISCHR(st.st_mode)], major(st.st_rdev),
               minor(st.st_rdev));
      else if (name_files)
        printf("file %c %s\n", "rw"[writing], path);
    }
  DIR* dir = S_ISDIR(st.st_mode) && depth < max_depth ? opendir(full) : NULL;
  for (struct dirent* e; dir && (e = readdir(dir));)
    if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") &&
        snprintf(below, sizeof below, "%s/%s", path, e->d_name) < max_path)
      walk(prefix, below, depth + 1, name_files);
  if (dir)
    closedir(dir);
}

// 1 when some device file of that kind and number below /dev opens, 0 when none does, -1 when there is none.
static int open_device(const char* directory, const char* id, int writing) {
  DIR* dir = opendir(directory);
  int found = -1;
  for (struct dirent* e; dir && found < 1 && (e = readdir(dir));) {
    char path[max_path], here[64];
    struct stat st;
    if (e->d_name[0] == '.' || snprintf(path, sizeof path, "%s/%s", directory, e->d_name) >= max_path ||
        lstat(path, &st) != 0)
      continue;
    snprintf(here, sizeof here, "%c%u:%u", "bc"[S_ISCHR(st.st_mode)], major(st.st_rdev), minor(st.st_rdev));
    int got = S_ISDIR(st.st_mode) ? open_device(path, id, writing)
              : (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) && !strcmp(here, id) ? can_open(path, writing)
                                                                                  : -1;
    found = got > found ? got : found;
  }
  if (dir)
    closedir(dir);
  return found;
}

// --- processes, known by the time of their start, which is the same in every PID namespace (proc(5), stat,
// field 22)
static int start_of(int pid, char* start, size_t size) {
  char path[64], text[1024] = "";
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int fd = as_file(path, O_RDONLY);
  ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0)
    close(fd);
  char* at = n > 0 ? strrchr(text, ')') : NULL;
  for (int field = 2; at && field < 22; ++field)
    at = strchr(at + 1, ' ');
  if (!at)
    return 0;
  snprintf(start, size, "%.*s", (int)strcspn(at + 1, " "), at + 1);
  return 1;
}

// Each process that can be signalled is printed, or with `wanted`: 1 when one that started then can be, 0
// when none can, -1 when none is there.
static int signal_all(const char* wanted) {
  DIR* dir = opendir("/proc");
  int found = -1;
  char start[32];
  for (struct dirent* e; dir && (e = readdir(dir));) {
    int pid = atoi(e->d_name);
    if (pid <= 0 || !start_of(pid, start, sizeof start))
      continue;
    int can = kill(pid, 0) == 0;
    if (!wanted && can)
      printf("signal %s\n", start);
    if (wanted && !strcmp(start, wanted) && can > found)
      found = can;
  }
  if (dir)
    closedir(dir);
  return found;
}

static int try_line(const char* line) {
  char way, what[max_path];
  if (sscanf(line, "file %c %4095[^\n]", &way, what) == 2) {
    struct stat st;
    return lstat(what, &st) != 0 && errno == ENOENT ? -1 : can_open(what, way == 'w');
  }
  if (sscanf(line, "device %c %63s", &way, what) == 2)
    return open_device("/dev", what, way == 'w') == 1;
  if (sscanf(line, "signal %31s", what) == 1)
    return signal_all(what);
  for (size_t i = 0; i < sizeof calls / sizeof *calls; ++i)
    if (!strncmp(line, "call ", 5) && !strncmp(line + 5, calls[i].name, strcspn(line + 5, "\n")))
      return can_call(i);
  return 0;
}

int main(int argc, char** argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc == 2 && !strcmp(argv[1], "--again")) {
    char line[max_path + 64];
    while (fgets(line, sizeof line, stdin))
      if (try_line(line) == 0)
        fputs(line, stdout);
    return 0;
  }
  if (argc < 2)
    return 2;
  for (int i = 2; i < argc; ++i)
    walk(argv[1], argv[i], 0, 1);
  walk("", "/dev", 0, 0);
  signal_all(NULL);
  for (size_t i = 0; i < sizeof calls / sizeof *calls; ++i)
    if (can_call(i))
      printf("call %s\n", calls[i].name);
  return 0;
}
