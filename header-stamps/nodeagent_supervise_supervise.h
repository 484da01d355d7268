c3181a4433879c3a77d37f5ac0518427d8619014bae96c6c287d952773f511ad / work / wt / cluster / common /
    clock.h 3dcb4a760a5d17075897d56f23e349627cc8eb6a676ec676fee0ff71562f9971 / work / wt / cluster / common /
    fd.h ccc9412c3856b6d477153b7a9b669c2ebff98fc6a0e95b67d44c3d8ded47fda1 / work / wt / cluster / common /
    result.h
