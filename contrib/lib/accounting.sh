# accounting.sh: MariaDB and slurmdbd of the test cluster, for "up --accounting": sacct and sacctmgr work then.
# shellcheck shell=bash
#
# Not the default: it takes ten seconds instead of two, 100 MB of memory and 115 MB of disk for each cluster, and two packages more.

# accounting_start: a database of the cluster's own on a socket in its directory, then slurmdbd.
accounting_start() {
  local data=$DIR/database
  rm -rf "$data"
  mkdir -p "$data"
  chown mysql "$data"
  say "starting MariaDB and slurmdbd"
  mariadb-install-db --user=mysql --datadir="$data" --auth-root-authentication-method=normal --skip-test-db >"$LOG/mariadb.log" 2>&1 ||
    die "MariaDB could not make its files: $(tail -n 1 "$LOG/mariadb.log")" "see $LOG/mariadb.log"
  daemon_run login bash -c '"$@" &' bash mariadbd --no-defaults --user=mysql --datadir="$data" --socket="$data/socket" \
    --skip-networking --innodb-buffer-pool-size=32M --innodb-lock-wait-timeout=900 --pid-file="$data/pid" --log-error="$LOG/mariadb.log"
  wait_for 20 mariadb -S "$data/socket" -u root -e 'select 1' >/dev/null || die "MariaDB does not answer" "see $LOG/mariadb.log"
  (umask 077; slurmconf_dbd >"$ETC/slurm/slurmdbd.conf")
  # libmariadb finds the socket by this variable; slurmdbd.conf has no word for it.
  daemon_run login env MYSQL_UNIX_PORT="$data/socket" slurmdbd ||
    die "slurmdbd did not start: $(tail -n 1 "$LOG/slurmdbd.log")" "see $LOG/slurmdbd.log"
  wait_for 30 grep -q 'slurmdbd version .* started' "$LOG/slurmdbd.log" || die "slurmdbd does not answer" "see $LOG/slurmdbd.log"
}

# accounting_people: the cluster's users have an account, once slurmctld has told slurmdbd about the cluster.
accounting_people() {
  wait_for 20 accounting_knows_cluster || die "slurmdbd never heard of this cluster" "see $LOG/slurmctld.log"
  slurm sacctmgr -i add account project >/dev/null
  slurm sacctmgr -i add user "$(IFS=,; echo "${USERS[*]}")" account=project >/dev/null
}

accounting_knows_cluster() { slurm sacctmgr -nP show cluster format=cluster,controlhost | grep -q "|$LOGIN_ADDR"; }
