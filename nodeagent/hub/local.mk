# nodeagent/hub/: what this room builds.
