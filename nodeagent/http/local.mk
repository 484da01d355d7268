# nodeagent/http/: what this room builds.
