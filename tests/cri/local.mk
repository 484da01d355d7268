# tests/cri/: the runtime below the agent, driven without Slurm.
check_PROGRAMS += tests/cri/cri-driver
tests_cri_cri_driver_SOURCES = tests/cri/driver.cpp
tests_cri_cri_driver_LDADD = libimagemount.la
EXTRA_DIST += tests/cri/namespaces.sh tests/cri/flat_image.sh tests/cri/session.sh tests/cri/overlay.t tests/cri/pod.t
