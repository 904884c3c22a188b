"""Golden numbers of the multinomial and the Huber regression, naive Bayes, nearest neighbours and Venn-Abers.

    python golden_learners.py > learners.json
"""
import json
import platform
from importlib.metadata import version

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import HuberRegressor, LogisticRegression
from sklearn.linear_model._huber import _huber_loss_and_gradient
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from venn_abers import VennAbers

rng = np.random.default_rng(29)
n, d = 90, 4
x = rng.normal(size=(n, d)).round(4)
x[:, 3] = (0.7 * x[:, 0] + 0.5 * x[:, 3]).round(4)
x[:, 2] = (3 * x[:, 2] + 1).round(4)
w = rng.integers(0, 4, size=n).astype(float)
label = np.argmax(np.stack([x[:, 0], 0.3 * x[:, 2] - 0.5, x[:, 1]]) + rng.gumbel(size=(3, n)), axis=0)
amount = 2 * x[:, 0] - x[:, 1] + 0.3 * x[:, 2] + rng.normal(size=n)
amount[::9] += rng.normal(size=10) * 30
amount = amount.round(4)
counts = rng.poisson(1.5, size=(n, 5)).astype(float) + (label[:, None] == np.arange(5)) * 2
flags = (counts > 1.5).astype(float)
codes = rng.integers(0, [3, 4], size=(n, 2))
codes[:, 0] = (codes[:, 0] + label) % 3


def multinomial(c=1.0, ratio=None, weights=None, classes=None, intercept=True, penalty=True):
    if ratio is None:
        m = LogisticRegression(C=c if penalty else np.inf, solver="newton-cg", tol=1e-12, max_iter=100000, class_weight=classes, fit_intercept=intercept)
    else:
        m = LogisticRegression(C=c, l1_ratio=ratio, solver="saga", tol=1e-13, max_iter=1000000, class_weight=classes, fit_intercept=intercept)
    m.fit(x, label, sample_weight=weights)
    b = m.intercept_ - m.intercept_.mean() if intercept else np.zeros(3)
    return {
        "l1": 0 if ratio is None else ratio / c, "l2": -1 if not penalty else 1 / c if ratio is None else (1 - ratio) / c, "weighted": weights is not None,
        "classes": None if classes is None or classes == "balanced" else [classes[k] for k in range(3)], "balanced": classes == "balanced", "noIntercept": not intercept,
        "coef": m.coef_.tolist(), "intercept": b.tolist(), "prob": m.predict_proba(x[:5]).tolist(),
    }


def huber(epsilon, alpha, weights=None, intercept=True):
    m = HuberRegressor(epsilon=epsilon, alpha=alpha, tol=1e-11, max_iter=1000000, fit_intercept=intercept).fit(x, amount, sample_weight=weights)
    # Its L-BFGS-B stops where the objective changes by less than 2e-9: go on from there on scikit-learn's own objective.
    at = np.concatenate([m.coef_, [m.intercept_] if intercept else [], [m.scale_]])
    objective = lambda t: _huber_loss_and_gradient(t, x, amount, epsilon, alpha, np.ones(n) if weights is None else weights)
    for _ in range(20):
        at = minimize(objective, at, jac=True, method="L-BFGS-B", bounds=[(None, None)] * (len(at) - 1) + [(1e-6, None)], options={"ftol": 0, "gtol": 1e-13, "maxiter": 100000}).x
    m.coef_, m.intercept_, m.scale_ = at[:d], at[d] if intercept else 0.0, at[-1]
    return {"epsilon": epsilon, "l2": alpha, "weighted": weights is not None, "noIntercept": not intercept, "coef": m.coef_.tolist(), "intercept": float(m.intercept_), "scale": float(m.scale_)}


def bayes(kind, model, data, weights=None, priors=None):
    m = model.fit(data, label, sample_weight=weights)
    return {"kind": kind, "weighted": weights is not None, "alpha": float(getattr(m, "alpha", 0)), "priors": priors, "smoothing": float(getattr(m, "var_smoothing", 0)), "prob": m.predict_proba(data).tolist(), "joint": m.predict_joint_log_proba(data[:4]).tolist()}


def neighbours(k, weights, p):
    c = KNeighborsClassifier(k, weights=weights, p=p, algorithm="brute").fit(x, label)
    r = KNeighborsRegressor(k, weights=weights, p=p, algorithm="brute").fit(x, amount)
    q = x[:20] + 0.01
    return {"k": k, "distance": weights == "distance", "p": p, "prob": c.predict_proba(q).tolist(), "value": r.predict(q).tolist()}


scores = (rng.normal(size=60) + 1.5 * (rng.random(60) < 0.5)).round(1)
truth = (rng.random(60) < 1 / (1 + np.exp(-scores + 0.7))).astype(int)
fresh = np.linspace(-3, 4, 29)
va = VennAbers()
prob = lambda s: np.stack([1 - 1 / (1 + np.exp(-s)), 1 / (1 + np.exp(-s))], axis=1)
va.fit(prob(scores), truth)
p, p0p1 = va.predict_proba(prob(fresh))
print(json.dumps({
    "provenance": {
        "tool": "scikit-learn, venn-abers",
        "version": f"scikit-learn {version('scikit-learn')}, venn-abers {version('venn-abers')}, numpy {np.__version__}, Python {platform.python_version()}",
        "command": "python golden_learners.py > learners.json",
    },
    "rows": x.tolist(), "weights": w.tolist(), "label": label.tolist(), "amount": amount.tolist(), "counts": counts.tolist(), "flags": flags.tolist(), "codes": codes.tolist(),
    "multinomial": [
        multinomial(), multinomial(0.1), multinomial(10.0, weights=w), multinomial(1.0, classes={0: 1.0, 1: 2.0, 2: 0.5}), multinomial(0.5, classes="balanced", intercept=False),
        multinomial(penalty=False), multinomial(0.3, 0.5), multinomial(0.1, 1.0), multinomial(1.0, 0.3, weights=w),
    ],
    "huber": [huber(1.35, 0.0), huber(1.35, 0.5), huber(1.1, 0.01, w), huber(3.0, 0.0, intercept=False)],
    "bayes": [
        bayes("gaussian", GaussianNB(), x), bayes("gaussian", GaussianNB(var_smoothing=1e-3), x), bayes("gaussian", GaussianNB(var_smoothing=0), x, w), bayes("gaussian", GaussianNB(priors=[0.2, 0.5, 0.3]), x, priors=[0.2, 0.5, 0.3]),
        bayes("multinomial", MultinomialNB(), counts), bayes("multinomial", MultinomialNB(alpha=0.3), counts, w), bayes("bernoulli", BernoulliNB(), flags), bayes("bernoulli", BernoulliNB(alpha=2.0), flags, w),
        bayes("categorical", CategoricalNB(min_categories=[3, 5]), codes), bayes("categorical", CategoricalNB(alpha=0.5, min_categories=[3, 5]), codes, w),
    ],
    "neighbours": [neighbours(5, "uniform", 2), neighbours(7, "distance", 2), neighbours(3, "distance", 1)],
    "vennAbers": {"scores": scores.tolist(), "truth": truth.tolist(), "fresh": fresh.tolist(), "p": p[:, 1].tolist(), "p0": p0p1[:, 0].tolist(), "p1": p0p1[:, 1].tolist()},
}))
