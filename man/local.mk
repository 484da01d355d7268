# man/: what this room builds and installs.
dist_man_MANS += man/podstep.1 man/podstep-images.7 man/podstep-record.7
dist_man_MANS += man/podstep-spank.8 man/podstep-spec.7
dist_man_MANS += man/podstep-manifest.7
dist_man_MANS += man/podstepd.8
dist_man_MANS += man/podstep-hub.8
dist_man_MANS += man/podstep-fabric.3 man/podstep-fabric-statistics.7 man/podstep-fabric-performance.7
