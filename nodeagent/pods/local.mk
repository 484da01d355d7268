# nodeagent/pods/: what this room builds.
