# libfabric-transport/: what this room builds and installs.
