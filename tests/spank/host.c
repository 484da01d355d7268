/* A stand-in for Slurm: loads podstep.so and plays one context of it, callback by callback, with the
 * environment and the items that a script of lines on stdin gives it; any call of the interface can be made
 * to fail. What it sees is printed, one line per fact.
 *
 *   usage: host PLUGIN CONTEXT [PLUGIN-ARGUMENT...]      CONTEXT: local, allocator, remote, slurmd,
 * job_script env NAME=VALUE      a variable of the job (remote)    option VALUE     the option's callback is
 * called with VALUE item job|step|restart|tasks|uid|gid|memory NUMBER     fail NAME        every later call
 * of spank_NAME fails call CALLBACK       runs slurm_spank_CALLBACK         twice            a second init,
 * as a plugin listed twice gets it fork CALLBACK       runs it in a child and prints how it ended (task_init
 * may end its process)
 */
#include <dlfcn.h>
#pragma GCC visibility push(default) /* the plugin looks these up */
#include <slurm/spank.h>
#pragma GCC visibility pop
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static spank_context_t context;
static struct spank_option* options[8];
static int option_count;
static char* job_env[256];
static int job_env_count;
static char failing[512];
static struct {
  unsigned job, step, restart, tasks, uid, gid;
  unsigned long long memory;
} items;

static int fails(const char* name) {
  char word[64];
  snprintf(word, sizeof word, " %s ", name);
  return strstr(failing, word) != NULL;
}

const char* spank_strerror(spank_err_t err) {
  return err ? "made to fail" : "success";
}
int spank_symbol_supported(const char* symbol) {
  (void)symbol;
  return 1;
}
int spank_remote(spank_t spank) {
  (void)spank;
  return context == S_CTX_REMOTE;
}
spank_context_t spank_context(void) {
  return fails("context") ? S_CTX_ERROR : context;
}

spank_err_t spank_option_register(spank_t spank, struct spank_option* option) {
  (void)spank;
  if (fails("option_register"))
    return ESPANK_ERROR;
  for (int i = 0; i < option_count; i++)
    if (!strcmp(options[i]->name, option->name))
      return ESPANK_BAD_ARG; /* "provided by both" */
  options[option_count++] = option;
  printf("registered %s\n", option->name);
  return ESPANK_SUCCESS;
}

spank_err_t spank_option_getopt(spank_t spank, struct spank_option* option, char** value) {
  (void)spank;
  (void)option;
  (void)value;
  return ESPANK_ERROR;
}

spank_err_t spank_get_item(spank_t spank, spank_item_t item, ...) {
  va_list list;
  void* out;
  (void)spank;
  if (fails("get_item"))
    return ESPANK_NOT_AVAIL;
  va_start(list, item);
  out = va_arg(list, void*);
  va_end(list);
  switch (item) {
  case S_JOB_ID:
    *(uint32_t*)out = items.job;
    return ESPANK_SUCCESS;
  case S_JOB_STEPID:
    *(uint32_t*)out = items.step;
    return ESPANK_SUCCESS;
  case S_SLURM_RESTART_COUNT:
    *(uint32_t*)out = items.restart;
    return ESPANK_SUCCESS;
  case S_JOB_LOCAL_TASK_COUNT:
    *(uint32_t*)out = items.tasks;
    return ESPANK_SUCCESS;
  case S_JOB_UID:
    *(uid_t*)out = items.uid;
    return ESPANK_SUCCESS;
  case S_JOB_GID:
    *(gid_t*)out = items.gid;
    return ESPANK_SUCCESS;
  case S_STEP_ALLOC_MEM:
    *(uint64_t*)out = items.memory;
    return ESPANK_SUCCESS;
  case S_JOB_ENV:
    *(char***)out = job_env;
    return ESPANK_SUCCESS;
  default:
    return ESPANK_BAD_ARG;
  }
}

spank_err_t spank_getenv(spank_t spank, const char* name, char* buffer, int size) {
  (void)spank;
  (void)name;
  (void)buffer;
  (void)size;
  return ESPANK_ENV_NOEXIST;
}

spank_err_t spank_setenv(spank_t spank, const char* name, const char* value, int overwrite) {
  (void)spank;
  (void)overwrite;
  if (fails("setenv"))
    return ESPANK_ERROR;
  printf("setenv %s=%s\n", name, value);
  return ESPANK_SUCCESS;
}

spank_err_t spank_unsetenv(spank_t spank, const char* name) {
  (void)spank;
  if (fails("unsetenv"))
    return ESPANK_ERROR;
  printf("unsetenv %s\n", name);
  return ESPANK_SUCCESS;
}

static void say(const char* level, const char* format, va_list list) {
  printf("%s ", level);
  vprintf(format, list);
  printf("\n");
}
void slurm_error(const char* format, ...) {
  va_list list;
  va_start(list, format);
  say("error", format, list);
  va_end(list);
}
void slurm_info(const char* format, ...) {
  va_list list;
  va_start(list, format);
  say("info", format, list);
  va_end(list);
}

static void* plugin;
static int plugin_argc;
static char** plugin_argv;

/* A function of its own, so that a profiler can count what happens below it (tests/bench/spank-noop). */
__attribute__((noinline)) static int run_callback(spank_f* callback) {
  return callback((spank_t)&items, plugin_argc, plugin_argv);
}

static int call(const char* name) {
  char symbol[128];
  snprintf(symbol, sizeof symbol, "slurm_spank_%s", name);
  spank_f* callback = (spank_f*)dlsym(plugin, symbol);
  if (!callback) {
    printf("%s: not there\n", name);
    return 0;
  }
  int result = run_callback(callback);
  printf("%s -> %d\n", name, result);
  return result;
}

static void call_in_child(const char* name) {
  int status;
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    dup2(1, 2);
    call(name);
    fflush(NULL);
    _exit(0);
  }
  /* Beside the task's first callback, as slurmstepd does. */
  spank_f* placed =
      strcmp(name, "task_init_privileged") ? NULL : (spank_f*)dlsym(plugin, "slurm_spank_task_post_fork");
  if (placed && run_callback(placed) != 0)
    printf("task_post_fork failed\n");
  waitpid(pid, &status, 0);
  printf("%s ended with %d\n", name, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void set_item(const char* name, unsigned long long value) {
  struct {
    const char* name;
    unsigned* item;
  } table[] = {{"job", &items.job},     {"step", &items.step}, {"restart", &items.restart},
               {"tasks", &items.tasks}, {"uid", &items.uid},   {"gid", &items.gid}};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (!strcmp(table[i].name, name))
      *table[i].item = (unsigned)value;
  if (!strcmp(name, "memory"))
    items.memory = value;
}

static void obey(char* line) {
  char *word = strtok(line, " "), *rest = strtok(NULL, "");
  if (!word)
    return;
  if (!rest)
    rest = "";
  if (!strcmp(word, "env") && job_env_count < 255)
    job_env[job_env_count++] = strdup(rest);
  else if (!strcmp(word, "item")) {
    char* name = strtok(rest, " ");
    set_item(name, strtoull(strtok(NULL, ""), NULL, 10));
  } else if (!strcmp(word, "fail"))
    snprintf(failing + strlen(failing), sizeof failing - strlen(failing), " %s ", rest);
  else if (!strcmp(word, "call"))
    call(rest);
  else if (!strcmp(word, "fork"))
    call_in_child(rest);
  else if (!strcmp(word, "twice"))
    call("init");
  else if (!strcmp(word, "option") && option_count)
    printf("option -> %d\n", options[0]->cb(options[0]->val, rest, context == S_CTX_REMOTE));
}

int main(int argc, char** argv) {
  static const char* names[] = {"error", "local", "remote", "allocator", "slurmd", "job_script"};
  char line[8192];
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc < 3)
    return 2;
  for (int i = 0; i < 6; i++)
    if (!strcmp(argv[2], names[i]))
      context = (spank_context_t)i;
  plugin = dlopen(argv[1], RTLD_LAZY);
  if (!plugin) {
    printf("dlopen: %s\n", dlerror());
    return 1;
  }
  plugin_argc = argc - 3;
  plugin_argv = argv + 3;
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    obey(line);
  }
  return 0;
}
