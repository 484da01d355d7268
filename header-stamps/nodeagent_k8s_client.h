c3181a4433879c3a77d37f5ac0518427d8619014bae96c6c287d952773f511ad / work / wt / cluster / common /
    clock.h ccc9412c3856b6d477153b7a9b669c2ebff98fc6a0e95b67d44c3d8ded47fda1 / work / wt / cluster / common /
    result.h f18061e7f7fb538993b1f0d5454ab8366fb543a24889783d1e636be7c0646c85 / work / wt / cluster /
    nodeagent / http / client.h e11bae984c7ab17550ebe50b134f624a45b6a1ac350be6dd6caaebea56248bff / work / wt /
    cluster / nodeagent / k8s / codec.h 72ad79d379fae85e2b7360b87d9156cd82eca201dd4e0321180b8e95ad07edaa /
    work / wt / cluster / nodeagent / k8s /
    quantity.h 6ee5d424cfdd6d468cef2c2df11e776f6ed957781654c69f4b2a3afd100c8379 / work / wt / cluster /
    nodeagent / k8s / types.h cf4d142274a9fbe8bf00b14bf95a7e4d3725ee18c23f6848f03a70ebe6d30ca2 / work / wt /
    cluster / nodeagent / loop / task.h 7823c28969a7be7b8074716126001c1a616f86180bd4648be54992bf2bf28caf /
    work / wt / cluster / nodeagent / loop / within.h
