# slurmconf.sh: the Slurm configuration of the test cluster.
# shellcheck shell=bash

# slurmconf_write [EXTRA-FILE]: slurm.conf and cgroup.conf; EXTRA-FILE's lines come last, so they win.
slurmconf_write() {
  mkdir -p "$ETC/slurm"
  slurmconf_slurm >"$ETC/slurm/slurm.conf.new"
  if [ -n "${1:-}" ]; then
    cat "$1" >>"$ETC/slurm/slurm.conf.new"
  fi
  mv "$ETC/slurm/slurm.conf.new" "$ETC/slurm/slurm.conf"
  slurmconf_cgroup >"$ETC/slurm/cgroup.conf"
}

slurmconf_slurm() {
  local proctrack=proctrack/cgroup task=task/cgroup gather=jobacct_gather/cgroup node
  if [ "$CGROUP_PLUGIN" = none ]; then
    proctrack=proctrack/linuxproc task=task/none gather=jobacct_gather/linux
  fi
  cat <<CONF
# Written by contrib/cluster up; a test cluster of Podstep, all of it on this machine.
ClusterName=podstep-$NAME
SlurmctldHost=login($LOGIN_ADDR)
SlurmctldPort=$CTLD_PORT
# Bind to the bridge's address only: a Slurm that the machine runs itself is not in the way.
CommunicationParameters=NoCtldInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$RUN/munge/socket
CredType=cred/munge
StateSaveLocation=$DIR/state
SlurmdSpoolDir=$DIR/nodes/%n/spool
SlurmctldPidFile=$RUN/slurmctld.pid
SlurmdPidFile=$RUN/slurmd-%n.pid
SlurmctldLogFile=$LOG/slurmctld.log
SlurmdLogFile=$LOG/slurmd-%n.log
SlurmctldDebug=info
SlurmdDebug=info
MailProg=/bin/true
# Job ids go on from one "up" to the next: the homes keep what old jobs wrote.
FirstJobId=$FIRST_JOB_ID
ProctrackType=$proctrack
TaskPlugin=$task
JobAcctGatherType=$gather
JobAcctGatherFrequency=30
$(slurmconf_accounting)
MpiDefault=$(slurmconf_mpi)
LaunchParameters=use_interactive_step
PlugStackConfig=$ETC/slurm/plugstack.conf
KillWait=30
InactiveLimit=0
MinJobAge=3600
SlurmctldTimeout=60
SlurmdTimeout=60
UnkillableStepTimeout=60
ReturnToService=2
SchedulerType=sched/backfill
# A test does not wait for the batch scheduler's usual three seconds.
SchedulerParameters=batch_sched_delay=0,bf_interval=5
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=$((MEMORY_PER_NODE / CPUS_PER_NODE))
# The nodes offer more CPUs and memory than the host may have.
SlurmdParameters=config_overrides
CONF
  for node in "${NODES[@]}"; do
    echo "NodeName=$node NodeAddr=$(node_addr "$node") Sockets=1 CoresPerSocket=$CPUS_PER_NODE ThreadsPerCore=1 RealMemory=$MEMORY_PER_NODE State=UNKNOWN"
  done
  echo "PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=60 State=UP"
}

slurmconf_cgroup() {
  [ "$CGROUP_PLUGIN" != none ] || return 0
  cat <<CONF
CgroupMountpoint=/sys/fs/cgroup
CgroupPlugin=cgroup/$CGROUP_PLUGIN
IgnoreSystemd=yes
ConstrainCores=yes
ConstrainRAMSpace=yes
ConstrainSwapSpace=no
CONF
}

# slurmconf_accounting: where jobs are remembered when they have left slurmctld's memory.
# With munge the "password" is the path of its socket.
slurmconf_accounting() {
  if [ "$ACCOUNTING" = no ]; then
    echo AccountingStorageType=accounting_storage/none
  else
    echo AccountingStorageType=accounting_storage/slurmdbd
    echo "AccountingStorageHost=$LOGIN_ADDR"
    echo "AccountingStoragePort=$DBD_PORT"
    echo "AccountingStoragePass=$RUN/munge/socket"
  fi
}

# slurmconf_dbd: slurmdbd.conf; slurmdbd demands mode 0600.
slurmconf_dbd() {
  cat <<CONF
AuthType=auth/munge
AuthInfo=socket=$RUN/munge/socket
DbdHost=login
DbdAddr=$LOGIN_ADDR
DbdPort=$DBD_PORT
SlurmUser=root
LogFile=$LOG/slurmdbd.log
PidFile=$RUN/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
StorageLoc=slurm_acct
CONF
}

# slurmconf_mpi: PMIx where Slurm's plugin and the library are installed. grep reads to the end: ldconfig must not fail for a closed pipe.
slurmconf_mpi() {
  if ls /usr/lib/*/slurm*/mpi_pmix.so >/dev/null 2>&1 && ldconfig -p | grep 'libpmix\.so' >/dev/null; then echo pmix; else echo none; fi
}

# plugstack_write [ARGS]: the plugin's line when the prefix has a plugin, else an empty file; the file is replaced at once.
plugstack_write() {
  local plugin=$PREFIX/lib/podstep/podstep.so args=${1:-store=$DIR/images}
  {
    echo "# Written by contrib/cluster; read anew by every srun, sbatch and slurmstepd."
    if [ -e "$plugin" ]; then
      instance_check_trusted "$plugin"
      echo "optional $plugin $args"
      # Where the user's tools find the same store on a login node; sysconfdir of the prefix.
      mkdir -p "$PREFIX/etc/podstep"
      sed -n 's/.*store=\([^ ]*\).*/\1/p' <<<"$args" >"$PREFIX/etc/podstep/store"
    fi
  } >"$ETC/slurm/.plugstack.new"
  mv "$ETC/slurm/.plugstack.new" "$ETC/slurm/plugstack.conf"
}
