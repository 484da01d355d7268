/* podstep-pause: the process that holds a sandbox's namespaces. Waits for SIGTERM or SIGINT; as pid 1 of a
   shared pid namespace it reaps what is left to it. Static, so that it runs in an empty root. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGINT);
  sigaddset(&wanted, SIGCHLD);
  sigprocmask(SIG_BLOCK, &wanted, NULL);
  for (;;) {
    int got = sigwaitinfo(&wanted, NULL);
    if (got == SIGTERM || got == SIGINT)
      return 0;
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
  }
}
