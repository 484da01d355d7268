# nodeagent/control/: what this room builds.
