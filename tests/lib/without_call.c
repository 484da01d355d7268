// Runs a program on a kernel that refuses one system call: a seccomp filter answers it with an error. Built
// with -DCALL=SYS_openat2 -DANSWER=ENOSYS; the program is the first argument, or with -DREAL_PROGRAM="/path"
// that one, in whose place this one lies.
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef REAL_PROGRAM
enum { own_words = 0 };
#else
#define REAL_PROGRAM argv[1]
enum { own_words = 1 };
#endif

int main(int argc, char** argv) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALL, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ANSWER),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (argc <= own_words || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    perror("without_call");
    return 2;
  }
  execv(REAL_PROGRAM, argv + own_words);
  perror(REAL_PROGRAM);
  return 2;
}
