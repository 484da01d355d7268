// One attempt each at what takes a privilege, for probe.c: none changes anything where it gets through.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/bpf.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Each returns -1 with errno as the call left it, or what is no refusal.
static int as_file(const char* path, int flags) {
  int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0 && errno == ENOENT)
    errno = EACCES; // what is not there cannot be had
  return fd;
}
static int mount_tmpfs(void) {
  return mount("none", "/tmp", "tmpfs", 0, NULL);
}
static int remount(void) {
  return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL);
}
static int bind_mount(void) {
  return mount("/proc", "/tmp", NULL, MS_BIND | MS_REC, NULL);
}
static int unmount(void) {
  return umount2("/proc", MNT_DETACH);
}
static int user_namespace(void) {
  return unshare(CLONE_NEWUSER);
}
static int mount_namespace(void) {
  return unshare(CLONE_NEWNS);
}
static int net_namespace(void) {
  return unshare(CLONE_NEWNET);
}
static int join_init(void) {
  return setns(as_file("/proc/1/ns/mnt", O_RDONLY), 0);
}
static int change_root(void) {
  return chroot("/");
}
static int make_device(void) {
  int made = mknod("/tmp/probe-device", S_IFCHR | 0600, makedev(1, 3));
  int fd = made == 0 ? as_file("/tmp/probe-device", O_RDONLY) : -1;
  unlink("/tmp/probe-device");
  errno = EACCES; // only a device that opens counts
  return fd;
}
static int host_name(void) {
  char name[65] = "";
  return gethostname(name, 64) ? -1 : sethostname(name, strlen(name));
}
static int set_time(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return clock_settime(CLOCK_REALTIME, &now);
}
static int stop_machine(void) {
  return (int)syscall(SYS_reboot, 1, 2, 3, NULL);
} // wrong magic: asked is only whether it may
static int load_module(void) {
  return (int)syscall(SYS_init_module, NULL, 0UL, "");
}
static int load_kernel(void) {
  return (int)syscall(SYS_kexec_load, 0UL, 0UL, NULL, ~0UL);
}
static int swap_off(void) {
  return (int)syscall(SYS_swapoff, "/nonexistent");
}
static int accounting(void) {
  return acct("/nonexistent");
}
static int kernel_log(void) {
  return (int)syscall(SYS_syslog, 10, NULL, 0);
}
static int list_bpf(void) {
  union bpf_attr a;
  memset(&a, 0, sizeof a);
  return (int)syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &a, sizeof a);
}
static int make_bpf(void) {
  union bpf_attr a;
  memset(&a, 0, sizeof a);
  a.map_type = BPF_MAP_TYPE_ARRAY, a.key_size = 4, a.value_size = 4, a.max_entries = 1;
  return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &a, sizeof a);
}
static int trace_parent(void) {
  return (int)ptrace(PTRACE_SEIZE, getppid(), NULL, NULL);
}
static int fault_handler(void) {
  return (int)syscall(SYS_userfaultfd, O_CLOEXEC);
}
static int add_key(void) {
  return (int)syscall(SYS_add_key, "user", "probe", "x", 1UL, -2);
}
static int io_ring(void) {
  char parameters[256] = {0};
  return (int)syscall(SYS_io_uring_setup, 1, parameters);
}
static int other_user(void) {
  return setresuid(12345, 12345, 12345);
}
static int drop_groups(void) {
  return setgroups(0, NULL);
}
static int raise_priority(void) {
  return setpriority(PRIO_PROCESS, 0, -20);
}
static int real_time(void) {
  struct sched_param p = {1};
  return sched_setscheduler(0, SCHED_FIFO, &p);
}
static int never_oom(void) {
  int fd = as_file("/proc/self/oom_score_adj", O_WRONLY);
  return fd < 0 ? -1 : (int)write(fd, "-1000", 5);
}
static int raw_packets(void) {
  return socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
}
static int raw_ip(void) {
  return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}
static int low_port(void) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(81)};
  return bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr*)&a, sizeof a);
}
static int kernel_memory(void) {
  return as_file("/proc/kcore", O_RDONLY);
}
static int sysrq(void) {
  return as_file("/proc/sysrq-trigger", O_WRONLY);
}
static int core_pattern(void) {
  return as_file("/proc/sys/kernel/core_pattern", O_WRONLY);
}
static int ip_forward(void) {
  return as_file("/proc/sys/net/ipv4/ip_forward", O_WRONLY);
}

static const struct {
  const char* name;
  int (*attempt)(void);
} calls[] = {
#define CALL(name)                                                                                           \
  { #name, name }
    CALL(mount_tmpfs),     CALL(remount),        CALL(bind_mount),    CALL(unmount),     CALL(user_namespace),
    CALL(mount_namespace), CALL(net_namespace),  CALL(join_init),     CALL(change_root), CALL(make_device),
    CALL(host_name),       CALL(set_time),       CALL(stop_machine),  CALL(load_module), CALL(load_kernel),
    CALL(swap_off),        CALL(accounting),     CALL(kernel_log),    CALL(list_bpf),    CALL(make_bpf),
    CALL(trace_parent),    CALL(fault_handler),  CALL(add_key),       CALL(io_ring),     CALL(other_user),
    CALL(drop_groups),     CALL(raise_priority), CALL(real_time),     CALL(never_oom),   CALL(raw_packets),
    CALL(raw_ip),          CALL(low_port),       CALL(kernel_memory), CALL(sysrq),       CALL(core_pattern),
    CALL(ip_forward),
};

// In a process of its own. A refusal is EPERM, EACCES, ENOSYS, or for ids that a namespace does not have,
// EINVAL; all else got through.
static int can_call(size_t i) {
  pid_t pid = fork();
  if (pid == 0) {
    errno = 0;
    int result = calls[i].attempt();
    int refused = result < 0 && (errno == EPERM || errno == EACCES || errno == ENOSYS || errno == EBADF ||
                                 errno == EROFS || (errno == EINVAL && calls[i].attempt == other_user));
    _exit(refused ? 0 : 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
