# compile.sh: makes /out/_torch_podstep.so; run by contrib/torch/build inside the compiler's root, with $python as python3.N.
# shellcheck shell=sh
set -eu
cd /src
flags='-std=c++20 -O3 -fPIC -fvisibility=hidden -Wall -Wextra -Wno-unused-parameter -I. -Ilibfabric-transport'
torch="-isystem /usr/include/torch/csrc/api/include -isystem /usr/include/$python -DTORCH_EXTENSION_NAME=_torch_podstep"
rm -f /out/*.o
# Torch's headers take longer than all the rest.
# shellcheck disable=SC2086
g++ $flags $torch -c contrib/torch/backend.cpp -o /out/backend.o &
backend=$!
for part in element group mesh plan plan_reduce run; do
  # shellcheck disable=SC2086
  g++ $flags -c contrib/torch/$part.cpp -o /out/$part.o
done
wait $backend
# libpodstep-fabric comes from the node, and with it the libfabric that it needs.
g++ -shared -o /out/_torch_podstep.so /out/*.o -L/fabric -lpodstep-fabric -ltorch_python -ltorch -ltorch_cpu -lc10 -Wl,--allow-shlib-undefined
strip --strip-unneeded /out/_torch_podstep.so
