// Read from /proc/self and /dev/shm.
#include "tests/fabric/host/holdings.h"
#include "tests/fabric/host/verdict.h"
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace harness {
namespace {

size_t entries(const char* directory, const std::string& part = "") {
  size_t n = 0;
  for (auto& entry : std::filesystem::directory_iterator(directory))
    n += entry.path().filename().string().find(part) != std::string::npos;
  return n;
}

struct Pages {
  size_t mapped = 0, resident = 0;
};
Pages pages() {
  Pages out;
  std::ifstream("/proc/self/statm") >> out.mapped >> out.resident;
  return out;
}
size_t kib(size_t pages) {
  return pages * static_cast<size_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

} // namespace

size_t open_descriptors() {
  return entries("/proc/self/fd");
}
size_t threads() {
  return entries("/proc/self/task");
}
size_t threads_at_rest(size_t most) {
  for (int i = 0; i < 1000 && threads() > most; i++)
    usleep(1000);
  return threads();
}
size_t shared_segments() {
  return entries("/dev/shm", std::to_string(getpid()));
}
size_t resident_kib() {
  return kib(pages().resident);
}
size_t mapped_kib() {
  return kib(pages().mapped);
}

Holdings Holdings::now() {
  return {harness::threads(), open_descriptors(), shared_segments(), harness::resident_kib(),
          harness::mapped_kib()};
}

void expect_no_more_than(const Holdings& before, size_t slack_kib) {
  Holdings after = Holdings::now();
  after.threads = threads_at_rest(before.threads);
  expect(after.threads <= before.threads, "there are ", after.threads, " threads afterwards, before ",
         before.threads);
  expect(after.descriptors <= before.descriptors, "descriptors grew from ", before.descriptors, " to ",
         after.descriptors);
  expect(after.segments <= before.segments, "segments in /dev/shm grew from ", before.segments, " to ",
         after.segments);
  expect(after.resident_kib <= before.resident_kib + slack_kib, "resident memory grew from ",
         before.resident_kib, " to ", after.resident_kib, " KiB");
  expect(after.mapped_kib <= before.mapped_kib + slack_kib, "mapped memory grew from ", before.mapped_kib,
         " to ", after.mapped_kib, " KiB");
}

} // namespace harness
