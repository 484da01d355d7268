# man/: what this room builds and installs.
dist_man_MANS += man/podstep-record.7
dist_man_MANS += man/podstep-spank.8
