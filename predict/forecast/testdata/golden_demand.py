"""Writes intermittent.json, reconcile.json, stl.json and breaks.json: python golden_demand.py DIR.

statsforecast, hierarchicalforecast, statsmodels, ruptures."""

import inspect
import json
import sys
from importlib.metadata import version

import numpy as np

out = sys.argv[1]
rng = np.random.default_rng(20261130)


def write(name, tool, **values):
    values["provenance"] = {"tool": tool, "version": version(tool), "command": "python golden_demand.py testdata"}
    with open(f"{out}/{name}.json", "w") as f:
        json.dump(values, f)


def breaks():
    import ruptures

    cases = []
    for levels, lengths in [([10, 14, 9], [40, 30, 50]), ([0, 0], [50, 50]), ([5, 5.8, 20, 3], [20, 25, 9, 60])]:
        y = np.concatenate([rng.normal(m, 1, n) for m, n in zip(levels, lengths)])
        for penalty in (3.0, 12.0, 40.0):
            for size in (2, 5):
                found = ruptures.Pelt(model="l2", min_size=size, jump=1).fit(y).predict(pen=penalty)
                cases.append({"y": y.tolist(), "penalty": penalty, "size": size, "breaks": [int(b) for b in found[:-1]]})
    write("breaks", "ruptures", cases=cases)


def stl():
    from statsmodels.tsa.seasonal import MSTL, STL

    t = np.arange(150)
    y = 20 + 0.05 * t + 3 * np.sin(2 * np.pi * t / 7) + 4 * np.cos(2 * np.pi * t / 30) + rng.normal(0, 0.7, t.size)
    y[40] += 25
    y[97] -= 12
    cases = []
    for robust in (False, True):
        r = STL(y, period=7, seasonal=7, robust=robust).fit()
        cases.append({"seasons": [7], "windows": [7], "robust": robust, "trend": r.trend.tolist(), "season": [r.seasonal.tolist()]})
        m = MSTL(y, periods=(7, 30), stl_kwargs={"robust": robust}).fit()
        cases.append({"seasons": [7, 30], "windows": [], "robust": robust, "trend": m.trend.tolist(), "season": m.seasonal.T.tolist()})
    write("stl", "statsmodels", y=y.tolist(), cases=cases)


def reconcile():
    from hierarchicalforecast.methods import BottomUp, MinTrace, TopDown

    # total; a, b; a1 a2 a3 b1 b2
    S = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [0, 0, 0, 1, 1], *np.eye(5)], dtype=float)
    bottom = rng.gamma(4, 5, size=(5, 30))
    history = S @ bottom
    fitted = history + rng.normal(0, 1, history.shape) * np.array([6, 4, 3, 2, 2, 1, 2, 3])[:, None] + rng.normal(0, 2, 30)
    base = (S @ np.array([20.0, 12, 30, 9, 25])) * (1 + rng.normal(0, 0.1, 8))
    tags = {"top": np.array([0]), "middle": np.array([1, 2]), "bottom": np.arange(3, 8)}
    given = {"S": S, "y_hat": base[:, None], "y_insample": history, "y_hat_insample": fitted, "idx_bottom": np.arange(3, 8), "tags": tags}

    def call(m):
        names = inspect.signature(m.fit_predict).parameters
        return m.fit_predict(**{k: v for k, v in given.items() if k in names})

    cases = []
    for method in ("ols", "wls_struct", "wls_var", "mint_shrink"):
        r = call(MinTrace(method=method))
        cases.append({"method": method, "mean": r["mean"][:, 0].tolist()})
    r = call(BottomUp())
    cases.append({"method": "bottom_up", "mean": r["mean"][:, 0].tolist()})
    r = call(TopDown(method="proportion_averages"))
    cases.append({"method": "proportion_averages", "mean": r["mean"][:, 0].tolist()})
    write("reconcile", "hierarchicalforecast", residuals=(history - fitted).tolist(), history=history.tolist(), base=base.tolist(), cases=cases)


def intermittent():
    from statsforecast.models import ADIDA, IMAPA, TSB, CrostonClassic, CrostonOptimized, CrostonSBA

    series = [
        [1, 0, 0, 0, 2, 0, 0],
        [0, 0, 0, 0],
        [0, 0, 3, 0, 0, 0],
        [5, 4, 6, 5, 7, 3, 5, 6],
        (rng.poisson(4, 80) * (rng.random(80) < 0.3)).tolist(),
        (rng.poisson(20, 120) * (rng.random(120) < 0.12)).tolist(),
    ]
    models = {"croston": CrostonClassic(), "sba": CrostonSBA(), "optimized": CrostonOptimized(), "tsb": TSB(0.1, 0.2), "adida": ADIDA(), "imapa": IMAPA()}
    cases = []
    for y in series:
        mean = {k: float(m.forecast(y=np.array(y, dtype=float), h=1)["mean"][0]) for k, m in models.items()}
        cases.append({"y": [float(v) for v in y], "mean": mean})
    write("intermittent", "statsforecast", cases=cases)


breaks()
stl()
reconcile()
intermittent()
