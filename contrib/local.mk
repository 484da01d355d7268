# contrib/: scripts for developers and for trying Podstep out; shipped in the tarball, not installed.
EXTRA_DIST += contrib/README.md contrib/deps contrib/cluster contrib/check contrib/lib contrib/quickstart contrib/examples contrib/torch
