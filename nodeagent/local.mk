# nodeagent/: pure rooms and libraries first, then the programs on top of them.
include nodeagent/supervise/local.mk
include nodeagent/loop/local.mk
include nodeagent/http/local.mk
include nodeagent/k8s/local.mk
include nodeagent/cri/local.mk
include nodeagent/images/local.mk
include nodeagent/record/local.mk
include nodeagent/pods/local.mk
include nodeagent/node/local.mk
include nodeagent/control/local.mk
include nodeagent/agent/local.mk
include nodeagent/hub/local.mk
include nodeagent/boot/local.mk
include nodeagent/cli/local.mk
