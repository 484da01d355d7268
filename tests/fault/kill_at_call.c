/* Stands in for podstep-prepare: becomes the real program, which is killed by SIGKILL when it enters its Nth
 * system call. N is in the file that the macro names; with 0 it runs to its end, and how many calls it made
 * is written there. */
#define _GNU_SOURCE /* pipe2 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static long wanted(void) {
  char text[32] = {0};
  int fd = open(COUNT_FILE, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || read(fd, text, sizeof text - 1) < 0)
    _exit(90);
  return strtol(text, NULL, 10);
}

static void tell(long calls) {
  char text[32];
  int fd = open(COUNT_FILE, O_WRONLY | O_TRUNC | O_CLOEXEC),
      size = snprintf(text, sizeof text, "%ld\n", calls);
  if (fd < 0 || write(fd, text, (size_t)size) != size)
    _exit(91);
}

/* The child of a child, so that the real program has no child. */
static void trace(pid_t pid, long kill_at, int started) {
  long stops = 0;
  int status;
  if (ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACESYSGOOD) != 0 ||
      ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) != 0)
    _exit(92);
  if (write(started, "x", 1) != 1)
    _exit(93);
  while (waitpid(pid, &status, __WALL) == pid && !WIFEXITED(status) && !WIFSIGNALED(status)) {
    if (WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80) && ++stops / 2 >= kill_at && kill_at > 0)
      kill(pid, SIGKILL);
    ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
  }
  if (kill_at == 0)
    tell(stops / 2);
  _exit(0);
}

int main(int argc, char** argv, char** environment) {
  long kill_at = wanted();
  int ready[2];
  char byte;
  pid_t self = getpid();
  (void)argc;
  if (pipe2(ready, O_CLOEXEC) != 0)
    return 94;
  pid_t child = fork();
  if (child == 0) {
    if (fork() == 0)
      trace(self, kill_at, ready[1]);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  if (read(ready[0], &byte, 1) != 1)
    return 95;
  execve(REAL_PROGRAM, argv, environment);
  return 96;
}
