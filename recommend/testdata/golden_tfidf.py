"""Golden numbers of FitTFIDF: random titles, English and Chinese, through scikit-learn."""
import json, pathlib, random, re, unicodedata, sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
r = random.Random(7)
en = "Red Blue Cotton Silk Summer Dress Shirt Running Shoe Leather Wallet Steel Bottle USB-C Cable 2m 500ml Women's Men's Kids Slim Vintage Café Crème Größe XL".split()
zh = "纯棉 连衣裙 夏季 女装 运动鞋 男士 钱包 不锈钢 保温杯 数据线 红色 蓝色 新款 ＵＳＢ ＸＬ 茶".split()
titles = [" ".join(r.choice(en) for _ in range(r.randint(3, 9))) for _ in range(40)]
titles += ["".join(r.choice(zh) for _ in range(r.randint(1, 5))) + r.choice(["", " ", " 5kg"]) for _ in range(24)] + ["", "茶", "!!!"]
def words(t):
    t = unicodedata.normalize("NFKC", t).lower()
    out = []
    for run in re.findall(r"[\u4e00-\u9fff]+|[^\W_\u4e00-\u9fff]+", t):
        if "\u4e00" <= run[0] <= "\u9fff" and len(run) > 1:
            out += [run[i:i+2] for i in range(len(run) - 1)]
        else:
            out.append(run)
    return out
cases = []
for name, kw in {"plain": {}, "sublinear bigrams": dict(sublinear_tf=True, ngram_range=(1, 2), min_df=2, max_df=0.3)}.items():
    v = TfidfVectorizer(tokenizer=words, token_pattern=None, lowercase=False, **kw)
    x = v.fit_transform(titles)
    terms = list(v.get_feature_names_out())
    rows = []
    for i in range(x.shape[0]):
        a, b = x.indptr[i], x.indptr[i+1]
        p = sorted(range(a, b), key=lambda k: terms[x.indices[k]].encode())
        rows.append({terms[x.indices[k]]: round(float(x.data[k]), 9) for k in p})
    qs = ["silk DRESS for summer", "男士保温杯 500ml", "café größe"]
    s = (v.transform(qs) @ x.T).toarray()
    cases.append({"name": name, "terms": sorted(terms, key=lambda t: t.encode()), "rows": rows,
                  "queries": [{"text": q, "scores": [round(float(z), 9) for z in s[k]]} for k, q in enumerate(qs)]})
json.dump({"provenance": {"tool": "scikit-learn TfidfVectorizer", "version": sklearn.__version__,
  "command": "python recommend/testdata/golden_tfidf.py"}, "titles": titles, "cases": cases}, pathlib.Path(__file__).with_name("tfidf_sklearn.json").open("w"), ensure_ascii=False, separators=(",", ":"))
