# nodeagent/serve/: what this room builds.
