package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// unit is one public package or family with its syntax and types. The types come
// from the sources, those of its imports from the export data of the go command.
type unit struct {
	dir      string // below the module: metrics/ranking
	files    []*ast.File
	pkg      *types.Package
	examples []*ast.File // of the package dir_test
	info     *types.Info // of the examples
}

// loadOnce returns everything the tests of this package look at, loaded once.
var loadOnce = sync.OnceValues(load)

// loaded returns the public packages in order of path.
func loaded(t *testing.T) (*token.FileSet, []unit) {
	t.Helper()
	m, err := loadOnce()
	if err != nil {
		t.Fatal(err)
	}
	return m.fset, m.units
}

type sources struct {
	fset  *token.FileSet
	units []unit
}

func load() (sources, error) {
	dirs, exports, err := list()
	if err != nil {
		return sources{}, err
	}
	fset := token.NewFileSet()
	imp := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, errors.New("no export data of " + path)
		}
		return os.Open(exports[path])
	})
	m := sources{fset: fset}
	for _, dir := range dirs {
		u := unit{dir: dir}
		bp, err := build.ImportDir(filepath.Join(root, dir), 0)
		if err != nil {
			return m, err
		}
		parse := func(names []string) (out []*ast.File, err error) {
			for _, name := range names {
				f, err := parser.ParseFile(fset, filepath.Join(root, dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
				if err != nil {
					return nil, err
				}
				out = append(out, f)
			}
			return out, nil
		}
		if u.files, err = parse(bp.GoFiles); err != nil {
			return m, err
		}
		if u.examples, err = parse(bp.XTestGoFiles); err != nil {
			return m, err
		}
		// The package as its importers see it, so that the types of its examples are the
		// very same objects.
		if u.pkg, err = imp.Import(module + "/" + dir); err != nil {
			return m, err
		}
		u.info = &types.Info{Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}}
		conf := types.Config{Importer: imp, Error: func(error) {}} // names of in-package test files are not known here
		conf.Check(module+"/"+dir+"_test", fset, u.examples, u.info)
		m.units = append(m.units, u)
	}
	return m, nil
}

// list returns the folders of the public packages, and a file of export data for
// each package that they import. What only their tests import stays unknown, but
// for rapid, which hardly matters to an Example.
func list() (dirs []string, exports map[string]string, err error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export", "./...", "pgregory.net/rapid")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, nil, errors.New("go list: " + stderr.String())
	}
	exports = map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ ImportPath, Export string }
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			return nil, nil, err
		}
		exports[p.ImportPath] = p.Export
		if dir, ok := strings.CutPrefix(p.ImportPath, module+"/"); ok {
			top, _, _ := strings.Cut(dir, "/")
			if slices.Contains(public, top) {
				dirs = append(dirs, dir)
			}
		}
	}
	slices.Sort(dirs)
	return dirs, exports, nil
}
