package layout

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/aislekit/aisle"

var root = filepath.Join("..", "..")

var public = []string{"recommend", "profile", "segment", "predict", "metrics", "supply"}

// families are the packages that a public package may have below it, those that
// are still to come included: a folder that is not listed here is no agreed one.
var families = map[string][]string{
	"recommend": {"allocate", "ann", "bandit", "evaluate", "hybrid", "modeltest", "split", "tune"},
	"profile":   {"clean", "feature", "identity", "privacy"},
	"segment":   {"affinity", "audience", "basket", "offer", "trigger"},
	"predict":   {"ads", "explain", "federated", "forecast", "lifetime", "modeltest", "online", "tree", "uplift"},
	"metrics":   {"attribution", "causal", "decision", "drift", "experiment", "kpi", "ranking"},
	"supply":    {"reorder", "scorecard"},
}

// serving lists the families that their parent imports. Such a family imports
// nothing public; every other one may import its parent, never a sibling.
var serving = []string{"recommend/bandit"}

var allowed = []string{
	"gonum.org/v1/gonum", "github.com/kelindar/bitmap", "golang.org/x/exp/constraints", "github.com/klauspost/cpuid/v2",
}

// order lists the internal packages from the bottom up, those to come included:
// each may import only those before it.
var order = []string{
	"check", "rng", "parallel", "codec", "bitset", "dict", "topk", "vec", "sparse", "solve", "sketch", "fixed", "moments", "infer", "separation", "ids", "mcda", "flow",
	"survive", "search", "fm", "hist", "limit", "calendar", "geo", "nfc", "words", "drift", "testkit", "shop",
}

// imports returns what the file imports, and whether it belongs to an external test.
func imports(t *testing.T, path string) (paths []string, external bool) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range f.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	return paths, strings.HasSuffix(f.Name.Name, "_test")
}

// crosses reports whether a package of the public tree imports one that it may not.
// External tests of a parent may import its families, as any caller may.
func crosses(from, to string, external bool) bool {
	top := func(dir string) string { t, _, _ := strings.Cut(dir, "/"); return t }
	tree := func(dir string) bool { return slices.Contains(public, top(dir)) }
	switch {
	case !tree(from) || !tree(to) || from == to:
		return false
	case top(from) != top(to):
		return true // they meet in the caller's code
	case from == top(to):
		return !external && !slices.Contains(serving, to)
	}
	return to != top(from) || slices.Contains(serving, from) // a child may name its parent
}

func TestCrosses(t *testing.T) {
	for _, c := range []struct {
		from, to string
		external bool
		want     bool
	}{
		{"recommend", "recommend", false, false},
		{"recommend", "recommend/bandit", false, false},
		{"recommend/bandit", "recommend", false, true},
		{"recommend/bandit", "recommend", true, true},
		{"recommend/ann", "recommend", false, false},
		{"recommend", "recommend/ann", false, true},
		{"recommend", "recommend/modeltest", true, false},
		{"recommend/ann", "recommend/bandit", false, true},
		{"recommend/ann", "recommend/bandit", true, true},
		{"metrics/kpi", "metrics", false, false},
		{"metrics", "metrics/kpi", false, true},
		{"metrics/kpi", "metrics/ranking", false, true},
		{"metrics", "recommend", false, true},
		{"metrics", "recommend", true, true},
		{"metrics", "recommend/bandit", false, true},
		{"recommend/bandit", "metrics", false, true},
		{"recommend/ann", "internal/vec", false, false},
		{"internal/vec", "recommend", false, false}, // another rule
	} {
		if got := crosses(c.from, c.to, c.external); got != c.want {
			t.Errorf("%s imports %s: crosses is %v", c.from, c.to, got)
		}
	}
}

func TestImports(t *testing.T) {
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && rel != "." {
				return fs.SkipDir // a module of its own, with dependencies of its own
			}
			if strings.HasPrefix(d.Name(), ".") && rel != "." || d.Name() == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") {
			return nil
		}
		files++
		test := strings.HasSuffix(rel, "_test.go")
		dir := filepath.ToSlash(filepath.Dir(rel))
		if top, family, below := strings.Cut(dir, "/"); below && slices.Contains(public, top) && !slices.Contains(families[top], family) {
			t.Errorf("%s: %s is no agreed package", rel, dir)
		}
		paths, external := imports(t, path)
		for _, p := range paths {
			local, isLocal := strings.CutPrefix(p, module+"/")
			switch {
			case isLocal && strings.HasPrefix(local, "examples"):
				t.Errorf("%s imports an example", rel)
			case isLocal && !test && local == "internal/testkit" && dir != "recommend/modeltest":
				t.Errorf("%s imports the test kit outside a test", rel)
			case isLocal && crosses(dir, local, external):
				t.Errorf("%s: public package imports public package %s", rel, local)
			case isLocal && !test && strings.HasPrefix(dir, "internal/") && strings.HasPrefix(local, "internal/"):
				from, to := slices.Index(order, dir[len("internal/"):]), slices.Index(order, local[len("internal/"):])
				if from < 0 || to < 0 || to >= from {
					t.Errorf("%s imports %s, which is not below it", rel, local)
				}
			case isLocal && strings.HasPrefix(dir, "internal/") && !strings.HasPrefix(local, "internal/"):
				t.Errorf("%s: internal package imports public package %s", rel, local)
			case !isLocal && !test && strings.Contains(strings.Split(p, "/")[0], "."):
				if !(dir == "internal/testkit" && p == "pgregory.net/rapid") && !slices.ContainsFunc(allowed, func(a string) bool { return p == a || strings.HasPrefix(p, a+"/") }) {
					t.Errorf("%s imports %s, which is no agreed dependency", rel, p)
				}
				if p == "github.com/kelindar/bitmap" && dir != "internal/bitset" {
					t.Errorf("%s imports kelindar/bitmap: only internal/bitset may", rel)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 10 {
		t.Fatalf("saw only %d Go files: wrong root?", files)
	}
}
