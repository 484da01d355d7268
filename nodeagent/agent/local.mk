# nodeagent/agent/: what this room builds.
