# proto/: what this room builds and installs.
