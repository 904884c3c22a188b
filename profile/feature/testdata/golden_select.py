"""Golden numbers of relevances and principal components; rewrites select.json.

python golden_select.py <folder of online-shoppers and bank-marketing>
"""
import json, sys
import numpy, pandas, scipy, sklearn
from scipy.stats import chi2_contingency, pearsonr, spearmanr
from sklearn.decomposition import PCA
from sklearn.feature_selection import f_classif
from sklearn.metrics import mutual_info_score, roc_auc_score
from sklearn.preprocessing import StandardScaler

shop = pandas.read_csv(sys.argv[1] + "/online-shoppers/online_shoppers_intention.csv.gz")
cols = ["Administrative", "Administrative_Duration", "Informational", "Informational_Duration", "ProductRelated", "ProductRelated_Duration",
        "BounceRates", "ExitRates", "PageValues", "SpecialDay"]
X, y = shop[cols].to_numpy(float), shop.Revenue.to_numpy(int)
f, p = f_classif(X, y)
out = []
for j, c in enumerate(cols):
    x = X[:, j]
    e = numpy.unique(numpy.quantile(x, numpy.arange(1, 10) / 10))
    if len(numpy.unique(x)) <= 10:
        e = numpy.unique(x)[1:]
    b = numpy.searchsorted(e[e > x.min()], x, side="right")
    mi = mutual_info_score(b, y)
    chi = chi2_contingency(pandas.crosstab(b, y), correction=False) if len(set(b)) > 1 else None
    out.append(dict(column=c, pearson=pearsonr(x, y)[0], spearman=spearmanr(x, y)[0], auc=roc_auc_score(y, x), f=f[j], fp=p[j],
                    gain=mi / numpy.log(2), chi=chi.statistic if chi else 0, chip=chi.pvalue if chi else 1))
a, b = PCA().fit(X), PCA().fit(StandardScaler().fit_transform(X))
json.dump(dict(provenance=dict(tool="scikit-learn f_classif, mutual_info_score, roc_auc_score, PCA; scipy pearsonr, spearmanr, chi2_contingency",
                               version="scikit-learn %s, scipy %s" % (sklearn.__version__, scipy.__version__), command="python golden_select.py <data>"),
               columns=out, shares=a.explained_variance_ratio_.tolist(), weights=a.components_[:3].tolist(), row=a.transform(X[100:101])[0].tolist(),
               standardShares=b.explained_variance_ratio_.tolist()), open("select.json", "w"), indent=1)
