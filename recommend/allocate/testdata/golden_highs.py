"""The LP bound of allocation problems by scipy's HiGHS: python golden_highs.py > highs.json"""
import json
import numpy as np, scipy
from scipy.optimize import linprog
from scipy.sparse import csr_matrix


def problem(users, n, each, salt):
    cand = []
    for u in range(users):
        seen = set()
        for k in range(each):
            o = (u * 17 + k * k * 5 + k * (salt + 1)) % n
            if o not in seen:
                seen.add(o)
                cand.append((u, o, 1 + ((u * 7919 + o * 104729 + 13 * u * o + salt) % 9973) / 997.3))
    stock = [3 + (o * 37 + salt) % 9 for o in range(n)]
    amount = [100 + (o * 53) % 400 for o in range(n)]
    return cand, stock, amount, sum(s * a for s, a in zip(stock, amount)) * 8 // 10


out = {"provenance": {"tool": "scipy (HiGHS)", "version": scipy.__version__, "command": "python golden_highs.py > highs.json"}, "cases": []}
for users, n, each, salt in [(600, 60, 12, 0), (400, 60, 8, 5), (2000, 200, 20, 11)]:
    cand, stock, amount, limit = problem(users, n, each, salt)
    rows, cols, vals = [], [], []
    for i, (u, o, v) in enumerate(cand):
        rows += [u, users + o, users + n]
        cols += [i, i, i]
        vals += [1, 1, amount[o]]
    a = csr_matrix((vals, (rows, cols)), shape=(users + n + 1, len(cand)))
    r = linprog([-v for _, _, v in cand], A_ub=a, b_ub=[1] * users + stock + [limit], bounds=(0, 1), method="highs")
    assert r.status == 0
    out["cases"].append({"users": users, "offers": n, "each": each, "salt": salt, "optimum": -r.fun})
print(json.dumps(out, indent=1))
