package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aislekit/aisle/examples/dataio"
	"github.com/aislekit/aisle/internal/testkit"
	rank "github.com/aislekit/aisle/metrics/ranking"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/evaluate"
	"github.com/aislekit/aisle/recommend/split"
)

// ownProgram is what somebody writes who has a model of their own: what few have taken
// comes first.
const ownProgram = `package main

import (
	"context"

	"github.com/aislekit/aisle/examples/bench"
	"github.com/aislekit/aisle/recommend"
)

func main() {
	bench.Main(append(bench.Models(), bench.Model{Name: "mine", Rank: fit})...)
}

func fit(_ context.Context, x *recommend.Interactions, _ bench.Env) (recommend.Model, error) {
	counts := x.ItemCounts()
	return recommend.NewFunc(x.Users(), x.Items(), func(dst []float32, _ recommend.Query) error {
		for i, n := range counts {
			dst[i] = 1 / float32(1+n)
		}
		return nil
	})
}
`

// A program outside of the tree, in a module of its own without network, compares its model
// with those of the library; it is started again for each model as the benchmark is.
func TestOwnProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	tree, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(tree, "examples", "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.go": ownProgram,
		"go.sum":  string(sums),
		"go.mod": `module example.com/own

go 1.24.0

require (
	github.com/aislekit/aisle v0.0.0
	github.com/aislekit/aisle/examples v0.0.0
)

replace (
	github.com/aislekit/aisle => ` + tree + `
	github.com/aislekit/aisle/examples => ` + filepath.Join(tree, "examples") + `
)
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	exe := filepath.Join(dir, "own")
	build := exec.Command("go", "build", "-o", exe, ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOTOOLCHAIN=local")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	train, test := toy(t)
	var out, log bytes.Buffer
	cmd := exec.Command(exe, "-train", train, "-test", test, "-algorithms", "popular,mine", "-k", "5", "-json")
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	rows := parseLines(t, out.String())
	if len(rows) != 2 || rows[1].name() != "mine" || rows[1]["users"] != 59.0 || !(rows[1].number("recall@5") >= 0) || rows[1].number("recall@5") == rows[0].number("recall@5") {
		t.Errorf("%s", out.String())
	}
}

// Models of one's own do every task they have a fit for, and nothing else.
func TestOwnModels(t *testing.T) {
	constant := func(items int) recommend.Model {
		m, err := recommend.NewFunc(0, items, func(dst []float32, q recommend.Query) error {
			clear(dst)
			if len(q.Items) > 0 {
				dst[q.Items[len(q.Items)-1]] = 1 // the last one again
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	again := Model{Name: "again", Sessions: func(_ context.Context, s *dataio.Sessions, items int, _ Env) (recommend.Model, error) {
		if s.Len() != 2 {
			t.Errorf("%d sessions", s.Len())
		}
		return constant(items), nil
	}}
	flat := Model{Name: "flat", Rate: func(_ context.Context, x *recommend.Interactions, _ Env) (recommend.Model, error) {
		return constant(x.Items()), nil
	}}
	none := Model{Name: "none", Rank: func(context.Context, *recommend.Interactions, Env) (recommend.Model, error) { return nil, nil }}
	own := func(args ...string) (int, string, string) {
		var out, log bytes.Buffer
		code := Run(context.Background(), append(args, "-isolate=false", "-json", "-k", "1"), &out, &log, again, flat, none)
		return code, out.String(), log.String()
	}
	code, out, log := own("-task", "session", "-train", write(t, "a", "1 2 3\n2 2 1\n"), "-test", write(t, "b", "1 2\t2\n3 3\t1\n"))
	if code != 0 {
		t.Fatalf("exit %d: %s", code, log)
	}
	if r := parseLines(t, out); len(r) != 1 || r[0].name() != "again" || r[0].number("p@1") != 0.5 {
		t.Errorf("%s", out)
	}
	code, out, log = own("-task", "rating", "-train", write(t, "a", "1,1,1\n1,2,5\n2,1,3\n"), "-test", write(t, "b", "2,2,2\n"))
	if code != 0 {
		t.Fatalf("exit %d: %s", code, log)
	}
	if r := parseLines(t, out); len(r) != 1 || r[0].name() != "flat" || r[0].number("mae") != 1 { // 0 is cut to 1, the lowest
		t.Errorf("%s", out)
	}
	if code, _, log = own("-train", write(t, "a", "1 2 3\n2 2 1\n"), "-holdout", "0.3"); code != exitFailed || !strings.Contains(log, "no model") {
		t.Errorf("exit %d: %s", code, log)
	}
	for name, models := range map[string][]Model{
		"no models":       nil,
		"no fit":          {{Name: "a"}},
		`named "all"`:     {{Name: "all", Rank: none.Rank}},
		`named ""`:        {{Rank: none.Rank}},
		`named "a,b"`:     {{Name: "a,b", Rank: none.Rank}},
		`two models`:      {none, none},
		`named "popular"`: append(Models(), Model{Name: "popular", Rank: none.Rank}),
	} {
		var log bytes.Buffer
		if code := Run(context.Background(), []string{"-train", "x"}, &log, &log, models...); code != exitUnusable || !strings.Contains(log.String(), name) {
			t.Errorf("%s: exit %d: %s", name, code, log.String())
		}
	}
}

// A file in another layout stops the run with what is wrong, before anything is fitted.
func TestUnreadable(t *testing.T) {
	var b strings.Builder
	b.WriteString("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n")
	for range 50 {
		b.WriteString("536365,85123A,WHITE HANGING HEART,6,2010-12-01,2.55,17850,United Kingdom\n")
	}
	b.WriteString("1,2,3,4,5,6,7,8\n")
	file := write(t, "orders.csv", b.String())
	args := []string{"-train", file, "-holdout", "0.2", "-algorithms", "popular"}
	for _, isolate := range []string{"true", "false"} {
		code, out, log := bench(t, append(args, "-isolate="+isolate)...)
		if code != exitUnusable || out != "" || !strings.Contains(log, "orders.csv: ") || !strings.Contains(log, "lines are no") || strings.Contains(log, "its process") || strings.Contains(log, "fit popular") {
			t.Errorf("isolate %s: exit %d: %s%s", isolate, code, out, log)
		}
	}
	half := write(t, "half.txt", "1,2,3\n2,3,x\n3,1,2\n1,3,y\n2,1,1\n3,2,2\n")
	if code, _, log := bench(t, "-train", half, "-holdout", "0.4", "-algorithms", "popular", "-isolate=false", "-format", "triples"); code != 0 {
		t.Errorf("a third rejected: exit %d: %s", code, log)
	}
	if code, _, log := bench(t, "-train", half, "-holdout", "0.4", "-algorithms", "popular", "-isolate=false", "-format", "triples", "-rejects", "0.1"); code != exitUnusable || !strings.Contains(log, "2 of 6 lines") {
		t.Errorf("more than a tenth rejected: exit %d: %s", code, log)
	}
}

// Settings are printed as they took effect, and can be given back.
func TestEffectiveSettings(t *testing.T) {
	train, test := toy(t)
	args := []string{"-train", train, "-test", test, "-isolate=false", "-json", "-k", "5", "-lists=false"}
	code, out, log := bench(t, append(args, "-algorithms", "all")...)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, log)
	}
	given := map[string]any{}
	before := map[string]float64{}
	for _, r := range parseLines(t, out) {
		s := r["settings"].(map[string]any)
		given[r.name()], before[r.name()] = s, r.number("ndcg@5")
		for _, a := range registry() {
			for _, p := range a.settingsOf(ranking) {
				if a.name != r.name() || !p.auto || p.said == nil {
					continue
				}
				zero := strings.HasSuffix(p.name, "dropout") // one of the values to choose
				if v, ok := s[p.name].(float64); p.kind != choice && (!ok || v == 0 && !zero) || s[p.name] == byItself {
					t.Errorf("%s: %s is %v, want what the fit took", a.name, p.name, s[p.name])
				}
			}
		}
	}
	for name, want := range map[string][]string{"als": {"unobserved", "regularization"}, "bpr": {"rate"}, "lmf": {"rate"}, "puresvd": {"factors"}, "blend": {"als.unobserved"}} {
		for _, p := range want {
			if v, ok := given[name].(map[string]any)[p].(float64); !ok || v <= 0 {
				t.Errorf("%s: %s is %v, want what the fit took", name, p, given[name].(map[string]any)[p])
			}
		}
	}
	// What is not found by the fit and is 0 by default is really off.
	off := []string{"puresvd scale", "nmf l1", "sparseease dropout", "userknn shrinkage", "vsknn age", "stan age", "sessionblend age"}
	for _, a := range registry() {
		for _, task := range []task{ranking, rating, session} {
			for _, p := range a.settingsOf(task) {
				if len(a.parts) == 0 && p.def == 0.0 && !p.auto && !slices.Contains(off, a.name+" "+p.name) {
					t.Errorf("%s: %s is 0 by default: say byFit, or here that it is off", a.name, p.name)
				}
			}
		}
	}
	raw, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	code, out, log = bench(t, append(args, "-algorithms", "als,puresvd,gfcf,bspm,slim,nmf,itemknn,userknn,turbocf,ease,edlae,rdlae,fm,bpr,lmf,blend", "-settings", write(t, "s.json", string(raw)))...)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, log)
	}
	for _, r := range parseLines(t, out) {
		if r.number("ndcg@5") != before[r.name()] {
			t.Errorf("%s: %v with the settings printed, %v before", r.name(), r.number("ndcg@5"), before[r.name()])
		}
	}
}

// What somebody gets who evaluates the files on their own (a Builder each, aligned, one call) is
// what the benchmark prints, to the last digit, on MovieLens-100k.
func TestEvaluateAgrees(t *testing.T) {
	train, test := testkit.Shared(t, "data", "ml-100k", "u1.base.gz"), testkit.Shared(t, "data", "ml-100k", "u1.test.gz")
	ctx := context.Background()
	code, out, log := bench(t, "-train", train, "-test", test, "-algorithms", "popular,rp3beta,als", "-k", "10,20", "-json", "-isolate=false", "-lists=false")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, log)
	}
	rows := parseLines(t, out)
	r := dataio.NewReader()
	r.Positive = true
	var data [2]*recommend.Dataset[int, int] // numbers, so that ties fall as the benchmark's do
	for n, path := range []string{train, test} {
		e, err := r.Entries(path, dataio.Auto)
		if err != nil {
			t.Fatal(err)
		}
		b, err := recommend.NewBuilder[int, int](recommend.BuilderOptions{Duplicates: recommend.Max})
		if err != nil {
			t.Fatal(err)
		}
		for x := range e.All() {
			user, err1 := strconv.Atoi(x.User)
			item, err2 := strconv.Atoi(x.Item)
			if err := errors.Join(err1, err2, b.Add(user, item, 1)); err != nil {
				t.Fatal(err)
			}
		}
		if data[n], err = b.Build(); err != nil {
			t.Fatal(err)
		}
	}
	a, err := split.Aligned(data[0], data[1])
	if err != nil {
		t.Fatal(err)
	}
	x := data[0].Interactions
	popular, err1 := recommend.FitPopular(ctx, x, recommend.PopularOptions{})
	walk, err2 := recommend.FitRP3Beta(ctx, x, recommend.RP3BetaOptions{})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	agrees(t, popular, x, a.Test, rows[0])
	asked := agrees(t, walk, x, a.Test, rows[1])
	if asked.Cold == 0 || asked.ColdItems != len(a.ColdItems) || len(a.ColdItems) == 0 {
		t.Errorf("%+v, %d cold items: u1 has items that its training part has not", asked, len(a.ColdItems))
	}
	// ALS draws its start by index and takes its defaults by the shape: on the numbering
	// of the reader, which holds the test items too.
	x, y := numbered(t, train, test)
	als, err := recommend.FitALS(ctx, x, recommend.ALSOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	agrees(t, als, x, y, rows[2])
}

// numbered reads two files onto one numbering.
func numbered(t *testing.T, paths ...string) (train, test *recommend.Interactions) {
	t.Helper()
	r := dataio.NewReader()
	var files [2]*dataio.Entries
	for n, path := range paths {
		var err error
		if files[n], err = r.Entries(path, dataio.Triples); err != nil {
			t.Fatal(err)
		}
	}
	r.Sort()
	var parts [2]*recommend.Interactions
	for n, e := range files {
		m := e.Matrix(dataio.Ones)
		var err error
		if parts[n], err = recommend.NewInteractions(m.Rows, m.Cols, m.Ptr, m.Col, m.Val); err != nil {
			t.Fatal(err)
		}
	}
	return parts[0], parts[1]
}

// agrees holds an evaluation against a line of the benchmark.
func agrees(t *testing.T, m recommend.Model, train, test *recommend.Interactions, row result) evaluate.Result {
	t.Helper()
	tally, err := rank.NewDense(test.Items(), rank.LightGCN(10, 20))
	if err != nil {
		t.Fatal(err)
	}
	asked, err := evaluate.Lists(context.Background(), m, train, test, tally.Add, evaluate.Options{K: 20})
	if err != nil {
		t.Fatal(err)
	}
	result, err := tally.Result()
	if err != nil {
		t.Fatal(err)
	}
	if float64(asked.Users) != row["users"] {
		t.Errorf("%d users, the benchmark has %v", asked.Users, row["users"])
	}
	for _, k := range []int{10, 20} {
		at, _ := result.At(k)
		for name, v := range map[string]float64{"recall": at.Recall, "ndcg": at.NDCG, "hitrate": at.HitRate, "precision": at.Precision, "map": at.MAP, "mrr": at.MRR} {
			name = fmt.Sprintf("%s@%d", name, k)
			if got := round(v); got != row.number(name) || got == 0 {
				t.Errorf("%s %s: %v, the benchmark prints %v", row.name(), name, got, row.number(name))
			}
		}
	}
	return asked
}
