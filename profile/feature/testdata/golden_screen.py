"""Golden numbers of class tests; rewrites screen.json.

python golden_screen.py <folder of online-shoppers>
"""
import json, sys
import numpy, pandas, sklearn
from sklearn.feature_selection import chi2, f_classif
from sklearn.metrics import mutual_info_score

shop = pandas.read_csv(sys.argv[1] + "/online-shoppers/online_shoppers_intention.csv.gz")
cols = ["Administrative", "Informational", "ProductRelated", "ExitRates", "PageValues", "SpecialDay"]
cuts = [[1, 3, 7], [1], [5, 12, 30, 60], [0.01, 0.02, 0.05, 0.1], [1e-9, 10.0], [0.2, 0.6]]
X = shop[cols].to_numpy(float)
out = []
for target in ["Revenue", "VisitorType"]:
    y = shop[target].astype(str)
    (f, fp), (c, cp) = f_classif(X, y), chi2(X, y)
    out.append(dict(target=target, f=f.tolist(), fp=fp.tolist(), chi=c.tolist(), chip=cp.tolist(),
                    gain=[mutual_info_score(numpy.searchsorted(e, X[:, j], side="right"), y) / numpy.log(2) for j, e in enumerate(cuts)]))
json.dump(dict(provenance=dict(tool="scikit-learn f_classif, chi2, mutual_info_score", version="scikit-learn " + sklearn.__version__, command="python golden_screen.py <data>"),
               columns=cols, cuts=cuts, targets=out), open("screen.json", "w"), indent=1)
