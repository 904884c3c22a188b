"""Golden coefficients of the linear SVM, the Poisson regression and the elastic net.

    python golden_models.py > models.json
"""
import json
import platform
from importlib.metadata import version

import numpy as np
import statsmodels.api as sm
from sklearn.linear_model import ElasticNet, PoissonRegressor
from sklearn.svm import LinearSVC

rng = np.random.default_rng(23)
n, d = 80, 4
x = rng.normal(size=(n, d)).round(4)
x[:, 3] = (0.7 * x[:, 0] + 0.5 * x[:, 3]).round(4)
x[:, 2] = (3 * x[:, 2] + 1).round(4)
w = rng.integers(0, 4, size=n).astype(float)
label = (x[:, 0] - 0.5 * x[:, 1] + rng.normal(size=n) > 0.3).astype(int)
amount = (2 * x[:, 0] - x[:, 1] + 0.3 * x[:, 2] + rng.normal(size=n)).round(4)
exposure = rng.uniform(0.5, 3, size=n).round(3)
count = rng.poisson(exposure * np.exp(0.4 * x[:, 0] - 0.3 * x[:, 1] + 0.2))


def svm(c, bias=1.0, weights=None, classes=None):
    m = LinearSVC(C=c, loss="squared_hinge", dual=False, tol=1e-13, max_iter=100000, fit_intercept=bias > 0, intercept_scaling=bias or 1.0, class_weight=classes)
    m.fit(x, label, sample_weight=weights)
    coef, b = m.coef_[0], (float(m.intercept_[0]) if bias > 0 else 0.0)
    s = np.ones(n) if weights is None else weights
    if classes:
        s = s * np.where(label == 1, classes[1], classes[0])
    margin = np.maximum(0, 1 - (2 * label - 1) * (x @ coef + b))
    penalty = coef @ coef + ((b / bias) ** 2 if bias > 0 else 0)
    return {"c": c, "bias": bias, "weighted": weights is not None, "classes": [classes[0], classes[1]] if classes else None, "coef": coef.tolist(), "intercept": b, "objective": float(0.5 * penalty + c * np.sum(s * margin**2))}


def poisson(weights=None, offset=False):
    m = sm.GLM(count, sm.add_constant(x), family=sm.families.Poisson(), freq_weights=weights, offset=np.log(exposure) if offset else None).fit(tol=1e-14, maxiter=200)
    return {"weighted": weights is not None, "offset": offset, "coef": m.params[1:].tolist(), "intercept": float(m.params[0]), "stdErr": (list(m.bse[1:]) + [m.bse[0]]), "l2": 0.0}


def ridge_poisson(alpha):
    m = PoissonRegressor(alpha=alpha, tol=1e-12, max_iter=100000, solver="newton-cholesky").fit(x, count)
    return {"weighted": False, "offset": False, "coef": m.coef_.tolist(), "intercept": float(m.intercept_), "stdErr": None, "l2": alpha * n}


def elastic(alpha, ratio, weights=None, intercept=True):
    m = ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-15, max_iter=1000000, fit_intercept=intercept).fit(x, amount, sample_weight=weights)
    total = n if weights is None else weights.sum()
    # scikit-learn: 1/(2·Σs)·Σ s·e² + α·r·|w| + ½·α·(1-r)·w², here times 2·Σs
    return {"l1": 2 * total * alpha * ratio, "l2": total * alpha * (1 - ratio), "weighted": weights is not None, "noIntercept": not intercept, "coef": m.coef_.tolist(), "intercept": float(m.intercept_)}


print(json.dumps({
    "provenance": {
        "tool": "scikit-learn (LinearSVC is liblinear), statsmodels",
        "version": f"scikit-learn {version('scikit-learn')}, statsmodels {version('statsmodels')}, numpy {np.__version__}, Python {platform.python_version()}",
        "command": "python golden_models.py > models.json",
    },
    "rows": x.tolist(), "weights": w.tolist(), "label": label.tolist(), "amount": amount.tolist(), "count": count.tolist(), "exposure": exposure.tolist(),
    "svm": [svm(1.0), svm(0.01), svm(100.0), svm(1.0, bias=10.0), svm(1.0, bias=0.0), svm(0.5, weights=w), svm(1.0, classes={0: 1.0, 1: 3.0})],
    "poisson": [poisson(), poisson(w), poisson(offset=True), poisson(w, True), ridge_poisson(0.1), ridge_poisson(2.0)],
    "elastic": [elastic(0.1, 1.0), elastic(0.5, 1.0), elastic(0.3, 0.5), elastic(0.2, 0.7, weights=w), elastic(0.2, 0.5, intercept=False)],
}))
