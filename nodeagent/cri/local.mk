# nodeagent/cri/: what this room builds.
