# nodeagent/images/: what this room builds.
