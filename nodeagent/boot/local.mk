# nodeagent/boot/: what this room builds.
