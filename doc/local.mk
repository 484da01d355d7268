# doc/: what this room builds and installs.
