ccc9412c3856b6d477153b7a9b669c2ebff98fc6a0e95b67d44c3d8ded47fda1 / work / wt / cluster / common / result.h
