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

func TestImports(t *testing.T) {
	root := filepath.Join("..", "..")
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
		for _, p := range imports(t, path) {
			local, isLocal := strings.CutPrefix(p, module+"/")
			switch {
			case isLocal && strings.HasPrefix(local, "examples"):
				t.Errorf("%s imports an example", rel)
			case isLocal && !test && local == "internal/testkit":
				t.Errorf("%s imports the test kit outside a test", rel)
			case isLocal && slices.Contains(public, dir) && slices.Contains(public, strings.Split(local, "/")[0]) && local != dir:
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
	if files < 10 {
		t.Fatalf("saw only %d Go files: wrong root?", files)
	}
}
