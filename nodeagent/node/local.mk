# nodeagent/node/: what this room builds.
