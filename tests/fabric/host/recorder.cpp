// The recording logger and profiler callback.
#include "tests/fabric/host/recorder.h"
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <mutex>

namespace harness {
namespace {

std::mutex lock;
std::vector<Line> lines;
bool shown = false;
Events recorded;

void record(int level, unsigned long, const char*, int, const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  std::lock_guard guard(lock);
  if (shown)
    fprintf(stderr, "# plugin %d: %s\n", level, text);
  lines.push_back({level, text});
}

int record_event(void** event, int type, void* phandle, int64_t plugin, void* data) {
  std::lock_guard guard(lock);
  auto wrong = [](const char* what) { recorded.wrong.push_back(what); };
  if (type < ncclabi::profile_start || type > ncclabi::profile_update_and_stop)
    wrong("an event of an unknown type");
  if (recorded.only_start_stop && type > ncclabi::profile_stop)
    wrong("an update from a v10 table, which NCCL 2.26 takes for a stop");
  if (type == ncclabi::profile_start) {
    recorded.starts++;
    if (!recorded.running.contains(phandle))
      wrong("a start with a phandle of no isend or irecv in flight");
    if (!data || plugin == 0)
      wrong("a start without data or plugin id");
    Told told{phandle, plugin, data, {}};
    if (data && plugin == podstep_events)
      std::memcpy(&told.is, data, sizeof told.is);
    recorded.told.push_back(told);
    if (recorded.give_handles) {
      *event = new char;
      recorded.open[*event] = told;
    }
    return ncclabi::success;
  }
  if (phandle || plugin != 0)
    wrong("a stop or update with a phandle or a plugin's number, which only starts have");
  if (!event || !*event) {
    wrong("a stop or update with a NULL event");
    return ncclabi::success;
  }
  auto open = recorded.open.find(*event);
  if (open == recorded.open.end())
    wrong("a stop or update of an event that is not open");
  else if (const Told& told = open->second;
           told.plugin == podstep_events && std::memcmp(&told.is, told.data, sizeof told.is) != 0)
    wrong("an event whose data changed before its stop");
  if (type != ncclabi::profile_update) {
    recorded.stops++;
    recorded.open.erase(*event);
  }
  return ncclabi::success;
}

} // namespace

ncclabi::Log logger() {
  return record;
}
ncclabi::Profile profiler() {
  return record_event;
}
Events& events() {
  return recorded;
}

void show_log(bool on) {
  shown = on;
}

size_t log_size() {
  std::lock_guard guard(lock);
  return lines.size();
}

std::vector<Line> log_since(size_t mark) {
  std::lock_guard guard(lock);
  return {lines.begin() + ssize_t(mark < lines.size() ? mark : lines.size()), lines.end()};
}

std::string last_words(size_t mark) {
  std::string words;
  bool warned = false;
  for (const Line& line : log_since(mark))
    if (line.level == ncclabi::log_warn || !warned) {
      words = line.text;
      warned = warned || line.level == ncclabi::log_warn;
    }
  return words;
}

std::ostream& operator<<(std::ostream& out, LastWords words) {
  return out << "; the plugin's last words: " << last_words(words.mark);
}

} // namespace harness
