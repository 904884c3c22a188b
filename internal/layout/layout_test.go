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

var public = []string{"recommend", "profile", "segment", "predict", "metrics", "supply"}

// families are parts of recommend that are no models. Each either serves recommend
// or builds on it, tests included: imports go one way. Nobody else may import them.
var families = []string{"recommend/allocate", "recommend/ann", "recommend/bandit", "recommend/tune"}

var allowed = []string{
	"gonum.org/v1/gonum", "github.com/kelindar/bitmap", "golang.org/x/exp/constraints", "github.com/klauspost/cpuid/v2",
}

// order lists the internal packages from the bottom up: each may import only
// those before it.
var order = []string{"check", "rng", "parallel", "codec", "bitset", "dict", "topk", "vec", "sparse", "solve", "sketch", "shop"}

func imports(t *testing.T, path string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, i := range f.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// crosses reports whether a package of the public tree imports one that it may not:
// any but itself, or its family or parent.
func crosses(from, to string) bool {
	tree := func(dir string) bool { return slices.Contains(public, strings.Split(dir, "/")[0]) }
	family := from == "recommend" && slices.Contains(families, to) || to == "recommend" && slices.Contains(families, from)
	return tree(from) && tree(to) && from != to && !family
}

func TestCrosses(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"recommend", "recommend", false}, {"recommend", "recommend/bandit", false}, {"recommend/ann", "recommend", false},
		{"recommend/ann", "recommend/bandit", true}, {"recommend", "recommend/other", true}, {"recommend/other", "recommend", true},
		{"metrics", "recommend", true}, {"metrics", "recommend/bandit", true}, {"recommend/bandit", "metrics", true},
		{"recommend/ann", "internal/vec", false}, {"internal/vec", "recommend", false}, // another rule
	} {
		if got := crosses(c.from, c.to); got != c.want {
			t.Errorf("%s imports %s: crosses is %v", c.from, c.to, got)
		}
	}
}

func TestImports(t *testing.T) {
	root := filepath.Join("..", "..")
	files := 0
	serves, builds := map[string]string{}, map[string]string{} // family → a file that shows it
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
		if first, _, below := strings.Cut(dir, "/"); below && slices.Contains(public, first) && !slices.Contains(families, dir) {
			t.Errorf("%s: %s is no agreed package", rel, dir)
		}
		for _, p := range imports(t, path) {
			local, isLocal := strings.CutPrefix(p, module+"/")
			if isLocal && dir == "recommend" && local != dir {
				serves[local] = rel
			}
			if isLocal && local == "recommend" && dir != local {
				builds[dir] = rel
			}
			switch {
			case isLocal && strings.HasPrefix(local, "examples"):
				t.Errorf("%s imports an example", rel)
			case isLocal && !test && local == "internal/testkit":
				t.Errorf("%s imports the test kit outside a test", rel)
			case isLocal && crosses(dir, local):
				t.Errorf("%s: public package imports public package %s", rel, local)
			case isLocal && !test && strings.HasPrefix(dir, "internal/") && strings.HasPrefix(local, "internal/"):
				from, to := slices.Index(order, dir[len("internal/"):]), slices.Index(order, local[len("internal/"):])
				if from < 0 || to < 0 || to >= from {
					t.Errorf("%s imports %s, which is not below it", rel, local)
				}
			case isLocal && strings.HasPrefix(dir, "internal/") && !strings.HasPrefix(local, "internal/"):
				t.Errorf("%s: internal package imports public package %s", rel, local)
			case !isLocal && !test && strings.Contains(strings.Split(p, "/")[0], "."):
				if !slices.ContainsFunc(allowed, func(a string) bool { return p == a || strings.HasPrefix(p, a+"/") }) {
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
	for _, f := range families {
		if serves[f] != "" && builds[f] != "" {
			t.Errorf("%s imports %s, and %s imports recommend: want one way only", serves[f], f, builds[f])
		}
	}
	if files < 10 {
		t.Fatalf("saw only %d Go files: wrong root?", files)
	}
}
