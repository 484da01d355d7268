# nodeagent/loop/: what this room builds.
