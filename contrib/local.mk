# contrib/: scripts for developers and for trying Podstep out; shipped in the tarball, not installed.
EXTRA_DIST += contrib/README.md contrib/deps contrib/cluster contrib/check contrib/lib contrib/quickstart contrib/examples
# Not the whole folder: the unit tests have objects in it.
EXTRA_DIST += contrib/torch/README.md contrib/torch/build contrib/torch/compile.sh contrib/torch/torch_podstep.py contrib/torch/train.py \
  contrib/torch/backend.cpp contrib/torch/tensors.h contrib/torch/work.h
