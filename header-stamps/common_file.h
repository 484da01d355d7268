3dcb4a760a5d17075897d56f23e349627cc8eb6a676ec676fee0ff71562f9971 / work / wt / cluster / common /
    fd.h ccc9412c3856b6d477153b7a9b669c2ebff98fc6a0e95b67d44c3d8ded47fda1 / work / wt / cluster / common /
    result.h
