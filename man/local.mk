# man/: what this room builds and installs.
