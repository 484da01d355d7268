# contrib/: scripts for developers and for trying Podstep out; shipped in the tarball, not installed.
EXTRA_DIST += contrib/README.md contrib/deps contrib/cluster \
  contrib/lib/say.sh contrib/lib/instance.sh contrib/lib/cgroups.sh contrib/lib/users.sh contrib/lib/nodes.sh \
  contrib/lib/node-init.sh contrib/lib/slurmconf.sh contrib/lib/daemons.sh contrib/lib/verbs.sh
