// Swaps, as fast as it can, what lies in a directory for links to somewhere else, until the file `stop` is
// there.
//
//   flipper DIRECTORY VICTIM STOP    its own user must own DIRECTORY; prints how often it swapped
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static long swap(const char* directory, const char* victim) {
  static const char* const names[] = {"img", "t", "deep"};
  long swapped = 0;
  int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return 0; // root is making it again
  for (int i = 0; i < 3; ++i) {
    mkdirat(dir, names[i], 0700);
    int below = openat(dir, names[i], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (below >= 0) {
      mkdirat(below, "sub", 0700);
      close(openat(below, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
      symlinkat(victim, below, "sub/link");
      close(below);
    }
    symlinkat(victim, dir, "link");
    for (int turn = 0; turn < 16; ++turn)
      swapped += renameat2(dir, names[i], dir, "link", RENAME_EXCHANGE) == 0;
  }
  close(dir);
  return swapped;
}

int main(int argc, char** argv) {
  long swapped = 0;
  if (argc != 4)
    return 2;
  while (access(argv[3], F_OK) != 0)
    swapped += swap(argv[1], argv[2]);
  printf("%ld\n", swapped);
  return 0;
}
