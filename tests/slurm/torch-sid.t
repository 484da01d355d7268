#!/bin/bash
# PyTorch of Debian sid with the backend podstep, which is made for it anew: every collective as computed plainly, and a death named.
# timeout: 900
# long
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
. "$top_srcdir/tests/lib/torch.sh"
need_service
need_fabric

dir=${PODSTEP_TORCH_DIR:-/var/tmp/podstep-torch}-sid
torch_works sid
done_testing
