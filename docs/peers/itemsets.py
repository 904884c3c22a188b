"""pyfim and mlxtend beside basket.Mine: python itemsets.py FILE SUPPORT [mlxtend]

FILE is one that AISLE_BASKETS=DIR go test -run XXX -bench Mine -benchtime 1x ./segment/basket writes,
SUPPORT a number of baskets. Memory is the growth of the process by the largest of the runs."""
import resource, sys, time
import fim

rows = [[int(x) for x in line.split()] for line in open(sys.argv[1])]
least = int(sys.argv[2])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def took(name, f):
    seconds = []
    for _ in range(3):
        start = time.process_time()
        sets = f()
        seconds.append(time.process_time() - start)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(name, len(sets), "sets,", round(sorted(seconds)[1], 3), "cpu s, +", grown >> 10, "MB", flush=True)


if "mlxtend" in sys.argv[3:]:
    import numpy as np, pandas as pd
    from collections import Counter
    from mlxtend.frequent_patterns import fpgrowth

    counts = Counter(x for row in rows for x in set(row))  # the frequent columns alone, as its users do
    column = {x: i for i, x in enumerate(sorted(x for x, n in counts.items() if n >= least))}
    table = np.zeros((len(rows), len(column)), bool)
    for i, row in enumerate(rows):
        table[i, [column[x] for x in row if x in column]] = True
    table = pd.DataFrame(table)
    took("mlxtend fpgrowth", lambda: fpgrowth(table, min_support=least / len(rows)))
else:
    took("pyfim fpgrowth", lambda: fim.fpgrowth(rows, target="s", supp=-least, zmin=1, report="a"))
    took("pyfim eclat", lambda: fim.eclat(rows, target="s", supp=-least, zmin=1, report="a"))
