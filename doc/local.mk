# doc/: what this room builds and installs.
dist_doc_DATA = doc/contracts/spank.md doc/contracts/kubelet.md doc/contracts/fabric.md doc/contracts/nccl.md doc/contracts/promises.md doc/contracts/shim.md
