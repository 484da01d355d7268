x: /tmp/podstep-test.PBq752/bad.h
