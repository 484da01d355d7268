c3181a4433879c3a77d37f5ac0518427d8619014bae96c6c287d952773f511ad / work / wt / cluster / common /
    clock.h ccc9412c3856b6d477153b7a9b669c2ebff98fc6a0e95b67d44c3d8ded47fda1 / work / wt / cluster / common /
    result.h 49d02fb246ef766e8259c3abaa3449f68dbc881c6797e6bf56f724a44f8a7029 / work / wt / cluster /
    nodeagent / cri / client.h 42db2978254a93cbe558a508650d87e59fb522afe50e024302b1a4f81967fe1d / work / wt /
    cluster / nodeagent / cri / grpc.h ad710841d33d4972ab2f925834e2bd4a7fd9fea26bbade60c1d34643aac2068d /
    work / wt / cluster / nodeagent / cri /
    runtime.h f18061e7f7fb538993b1f0d5454ab8366fb543a24889783d1e636be7c0646c85 / work / wt / cluster /
    nodeagent / http / client.h 2a00c6a9dbc1901f1612b2d43748e1a0f888b3ea7400fbebd76499965ecfded7 / work / wt /
    cluster / nodeagent / images / store.h cf4d142274a9fbe8bf00b14bf95a7e4d3725ee18c23f6848f03a70ebe6d30ca2 /
    work / wt / cluster / nodeagent / loop /
    task.h 7823c28969a7be7b8074716126001c1a616f86180bd4648be54992bf2bf28caf / work / wt / cluster /
    nodeagent / loop / within.h
