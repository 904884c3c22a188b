"""CPU seconds and memory of causalml's uplift forest, beside BenchmarkFitForest.

    pip install causalml==0.18.0
    python testdata/bench.py
"""
import resource
import time
from importlib.metadata import version

import numpy as np
from causalml.inference.tree import UpliftRandomForestClassifier

r = np.random.default_rng(1)
n, d = 20000, 20
x = r.normal(size=(n, d))
t = r.integers(0, 2, n)
p = .2 + .1 * (x[:, 1] > 0) + .15 * (t == 1) * (x[:, 0] > 0)
y = (r.uniform(size=n) < p).astype(int)
before, memory = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
m = UpliftRandomForestClassifier(
    control_name="0", n_estimators=100, max_depth=8, min_samples_leaf=100, n_reg=10, max_features=14, evaluationFunction="KL", random_state=1, n_jobs=1)
m.fit(x, treatment=t.astype(str), y=y)
took = time.process_time() - before
before = time.process_time()
tau = np.asarray(m.predict(x)).ravel()
print("causalml", version("causalml"), "fit CPU s", round(took, 2), "predict CPU s", round(time.process_time() - before, 2),
      "MB more", (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) // 1024, "correlation", np.corrcoef(tau, x[:, 0] > 0)[0, 1].round(3))
