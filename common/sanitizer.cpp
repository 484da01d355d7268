// In a build with sanitizers: where a program's reports go. To stderr, or to a file each in
// PREFIX/var/sanitizer where somebody (contrib/check) has made that directory, for nobody reads the stderr of
// some of our programs.
#include <cstring>
#include <unistd.h>

#define PODSTEP_VISIBLE extern "C" __attribute__((visibility("default")))
#define PODSTEP_PLAIN __attribute__((no_sanitize("address", "undefined")))
#define PODSTEP_FILE(name) "log_path=" PODSTEP_SANITIZER_REPORTS "/" name ":"

// The runtimes have weak functions of these names, so nothing refers to ours: the linker is told to take this
// file for the sake of the first symbol (m4/podstep.m4).
PODSTEP_VISIBLE const int podstep_sanitizer_reports = 1;
PODSTEP_VISIBLE const char* __asan_default_options();
PODSTEP_VISIBLE const char* __ubsan_default_options();
PODSTEP_VISIBLE int __lsan_is_turned_off();

// Read before main, and before the sanitizer is ready: plain calls only.
PODSTEP_PLAIN static bool collected() {
  return ::access(PODSTEP_SANITIZER_REPORTS, W_OK) == 0;
}

// Freed memory is kept from reuse to find those who use it after all; the default of 256 MiB is more than a
// step has.
PODSTEP_PLAIN const char* __asan_default_options() {
  return collected() ? PODSTEP_FILE("asan") "quarantine_size_mb=8:log_exe_name=1" : "quarantine_size_mb=8";
}

PODSTEP_PLAIN const char* __ubsan_default_options() {
  return collected() ? PODSTEP_FILE("ubsan") "print_stacktrace=1:log_exe_name=1" : "print_stacktrace=1";
}

// Leaks are looked for by a child that traces this process. In another pid namespace than its parent's it
// does not find that (getppid(2)), and the search would never end: none after setns(2), as podstep exec does
// it.
int __lsan_is_turned_off() {
  char own[64], of_children[64];
  const ssize_t length = ::readlink("/proc/self/ns/pid", own, sizeof own);
  return length < 0 ||
         ::readlink("/proc/self/ns/pid_for_children", of_children, sizeof of_children) != length ||
         std::memcmp(own, of_children, size_t(length)) != 0;
}
