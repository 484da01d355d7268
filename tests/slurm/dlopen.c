// Loads the libraries that are its arguments, as NCCL and an application would: by name, at once. Prints one
// line for each.
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char** argv) {
  int failed = 0;
  for (int i = 1; i < argc; ++i) {
    void* library = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
    printf("%s: %s\n", argv[i], library ? "loaded" : dlerror());
    failed |= !library;
  }
  return failed;
}
