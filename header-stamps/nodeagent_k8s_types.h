ccc9412c3856b6d477153b7a9b669c2ebff98fc6a0e95b67d44c3d8ded47fda1 / work / wt / cluster / common /
    result.h 72ad79d379fae85e2b7360b87d9156cd82eca201dd4e0321180b8e95ad07edaa / work / wt / cluster /
    nodeagent / k8s / quantity.h
