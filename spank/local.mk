# spank/: what this room builds and installs.
