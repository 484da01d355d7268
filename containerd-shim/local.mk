# containerd-shim/: what this room builds and installs.
