# contrib/: what this room builds and installs.
