# nodeagent/record/: what this room builds.
