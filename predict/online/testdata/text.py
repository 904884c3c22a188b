"""Writes text.json: sentiment of Chinese reviews by scikit-learn, what FitText and TextCounts are measured beside.

    python text.py online_shopping_10_cats.csv.gz

Row i of the file is tested on where i%5 is 0 and learnt from otherwise; "part" is the same of every twentieth row (i//20 in the
place of i). Figures are of TfidfVectorizer on characters, alone or with their bigrams, with LogisticRegression, both as they come
but for max_iter, and of CountVectorizer with MultinomialNB.
"""
import csv
import gzip
import io
import json
import sys
import time

import numpy as np
import sklearn
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.naive_bayes import MultinomialNB

rows = list(csv.reader(io.TextIOWrapper(gzip.open(sys.argv[1]), encoding="utf-8", newline="")))[1:]


def figures(rows, counter, learner):
    train, test = [r for i, r in enumerate(rows) if i % 5], rows[::5]
    began = time.process_time()
    learner.fit(counter.fit_transform([r[2] for r in train]), [r[1] == "1" for r in train])
    seconds = time.process_time() - began
    p = learner.predict_proba(counter.transform([r[2] for r in test]))[:, 1]
    y = np.array([r[1] == "1" for r in test])
    of = lambda at: {"auc": roc_auc_score(y[at], p[at]) if 0 < y[at].mean() < 1 else None, "accuracy": accuracy_score(y[at], p[at] > .5)}
    category = np.array([r[0] for r in test])
    print(learner, seconds, of(y >= 0), file=sys.stderr)
    return of(y >= 0) | {"seconds": round(seconds, 1), "categories": {c: of(category == c) for c in sorted(set(category))}}


def all_of(rows):
    logistic = lambda: LogisticRegression(max_iter=1000)
    return {
        "rows": len(rows),
        "bigrams": figures(rows, TfidfVectorizer(analyzer="char", ngram_range=(2, 2)), logistic()),
        "both": figures(rows, TfidfVectorizer(analyzer="char", ngram_range=(1, 2)), logistic()),
        "sublinear": figures(rows, TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True), logistic()),
        "bayes": figures(rows, CountVectorizer(analyzer="char", ngram_range=(1, 2)), MultinomialNB()),
    }


out = {
    "provenance": {"tool": "scikit-learn", "version": sklearn.__version__, "command": "python text.py online_shopping_10_cats.csv.gz"},
    "whole": all_of(rows),
    "part": all_of(rows[::20]),
}
json.dump(out, open("text.json", "w"), indent=1, ensure_ascii=False)
