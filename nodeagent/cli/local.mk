# nodeagent/cli/: what this room builds.
