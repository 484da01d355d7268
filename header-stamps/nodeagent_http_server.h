c3181a4433879c3a77d37f5ac0518427d8619014bae96c6c287d952773f511ad / work / wt / cluster / common /
    clock.h ccc9412c3856b6d477153b7a9b669c2ebff98fc6a0e95b67d44c3d8ded47fda1 / work / wt / cluster / common /
    result.h cf4d142274a9fbe8bf00b14bf95a7e4d3725ee18c23f6848f03a70ebe6d30ca2 / work / wt / cluster /
    nodeagent / loop / task.h 7823c28969a7be7b8074716126001c1a616f86180bd4648be54992bf2bf28caf / work / wt /
    cluster / nodeagent / loop / within.h
