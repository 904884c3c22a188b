package layout

import (
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDocumented asks for a comment at everything exported, fields, constants and
// interface methods included, and at every unexported function of 15 lines and
// more.
func TestDocumented(t *testing.T) {
	fset, units := loaded(t)
	for _, u := range units {
		missing := func(pos token.Pos, what string) {
			t.Errorf("%s: %s has no comment", place(fset, pos), what)
		}
		for _, f := range u.files {
			for _, d := range f.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					public := d.Name.IsExported() && (d.Recv == nil || token.IsExported(receiver(d)))
					lines := fset.Position(d.End()).Line - fset.Position(d.Pos()).Line + 1
					if d.Doc == nil && (public || lines >= 15) {
						missing(d.Pos(), d.Name.Name)
					}
				case *ast.GenDecl:
					for _, s := range d.Specs {
						undocumented(fset, d, s, missing)
					}
				}
			}
		}
	}
}

// receiver is the name of the type that a method belongs to.
func receiver(d *ast.FuncDecl) string {
	x := d.Recv.List[0].Type
	for {
		switch e := x.(type) {
		case *ast.StarExpr:
			x = e.X
		case *ast.IndexExpr:
			x = e.X
		case *ast.IndexListExpr:
			x = e.X
		case *ast.Ident:
			return e.Name
		default:
			return ""
		}
	}
}

// undocumented reports the exported parts of a specification without a comment. A
// comment on a group of constants or variables serves all of it, one above fields the
// block of lines directly below it.
func undocumented(fset *token.FileSet, d *ast.GenDecl, s ast.Spec, missing func(token.Pos, string)) {
	switch s := s.(type) {
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if name.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
				missing(name.Pos(), name.Name)
			}
		}
	case *ast.TypeSpec:
		if !s.Name.IsExported() {
			return
		}
		if s.Doc == nil && d.Doc == nil {
			missing(s.Pos(), s.Name.Name)
		}
		var fields *ast.FieldList
		switch x := s.Type.(type) {
		case *ast.StructType:
			fields = x.Fields
		case *ast.InterfaceType:
			fields = x.Methods
		}
		if fields == nil {
			return
		}
		for i, f := range fields.List {
			for _, name := range f.Names {
				if name.IsExported() && f.Doc == nil && f.Comment == nil && !follows(fset, fields.List[:i+1]) {
					missing(name.Pos(), s.Name.Name+"."+name.Name)
				}
			}
		}
	}
}

// follows reports whether the last of the fields stands in a block of lines, without
// a blank one between them, that has a comment above.
func follows(fset *token.FileSet, fields []*ast.Field) bool {
	for i := len(fields) - 1; i > 0; i-- {
		before := fields[i-1]
		if fset.Position(fields[i].Pos()).Line > fset.Position(before.End()).Line+1 {
			return false
		}
		if before.Doc != nil {
			return true
		}
	}
	return false
}

// TestLength holds functions to 100 lines and files to 800, tests and generators
// apart.
func TestLength(t *testing.T) {
	fset := token.NewFileSet()
	long := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "gen" || strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_amd64.go"):
			return nil
		}
		f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if n := fset.Position(f.End()).Line; n > 800 {
			t.Errorf("%s has %d lines, want at most 800: look for a seam", place(fset, f.Pos()), n)
		}
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok {
				n := fset.Position(d.End()).Line - fset.Position(d.Pos()).Line + 1
				if n > 60 {
					long++
				}
				if n > 100 {
					t.Errorf("%s: %s has %d lines, want at most 100", place(fset, d.Pos()), d.Name.Name, n)
				}
				// The kernels of internal/vec take what their assembly takes in registers.
				if k := d.Type.Params.NumFields(); k > 7 && !strings.Contains(filepath.ToSlash(path), "internal/vec/") {
					t.Errorf("%s: %s has %d parameters: want a named struct", place(fset, d.Pos()), d.Name.Name, k)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d functions of more than 60 lines", long)
}

// place is a position with the path below the module.
func place(fset *token.FileSet, pos token.Pos) string {
	p := fset.Position(pos)
	rel, err := filepath.Rel(root, p.Filename)
	if err != nil {
		rel = p.Filename
	}
	p.Filename = filepath.ToSlash(rel)
	p.Column = 0
	return p.String()
}

// TestExamples asks that every exported function and type occurs in an Example of
// its package: a function is called, a type is named or is that of an expression.
func TestExamples(t *testing.T) {
	_, units := loaded(t)
	for _, u := range units {
		seen := map[types.Object]bool{}
		for _, f := range u.examples {
			for _, d := range f.Decls {
				if d, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(d.Name.Name, "Example") {
					occurring(d, u.info, seen)
				}
			}
		}
		for _, name := range u.pkg.Scope().Names() {
			obj := u.pkg.Scope().Lookup(name)
			if i, ok := obj.Type().Underlying().(*types.Interface); ok && !i.IsMethodSet() {
				continue // a constraint stands in no body of a function
			}
			switch obj.(type) {
			case *types.Func, *types.TypeName:
				if obj.Exported() && !seen[obj] {
					t.Errorf("%s: %s occurs in no Example", u.dir, name)
				}
			}
		}
	}
}

// occurring marks the objects that a function uses, and the named types of its
// expressions.
func occurring(d *ast.FuncDecl, info *types.Info, seen map[types.Object]bool) {
	var mark func(t types.Type)
	mark = func(t types.Type) {
		switch t := t.(type) {
		case *types.Pointer:
			mark(t.Elem())
		case *types.Slice:
			mark(t.Elem())
		case *types.Map:
			mark(t.Elem())
			mark(t.Key())
		case *types.Tuple:
			for i := range t.Len() {
				mark(t.At(i).Type())
			}
		case *types.Named:
			seen[t.Origin().Obj()] = true
		}
	}
	ast.Inspect(d, func(n ast.Node) bool {
		if x, ok := n.(ast.Expr); ok {
			if tv, ok := info.Types[x]; ok {
				mark(tv.Type)
			}
		}
		if id, ok := n.(*ast.Ident); ok {
			if obj := info.Uses[id]; obj != nil {
				seen[obj] = true
				if f, ok := obj.(*types.Func); ok {
					seen[f.Origin()] = true
				}
			}
			if v, ok := info.Defs[id].(*types.Var); ok {
				mark(v.Type())
			}
		}
		return true
	})
}

// TestOpening asks that the first 60 lines of a package's documentation reach the
// table that helps to choose, and that a program stands before it.
func TestOpening(t *testing.T) {
	_, units := loaded(t)
	for _, u := range units {
		cmd := exec.Command("go", "doc", "./"+u.dir)
		cmd.Dir = root
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(out), "\n")
		lines = lines[:min(60, len(lines))]
		heading := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "# Which") })
		if heading < 0 || !slices.ContainsFunc(lines[heading:], func(l string) bool { return strings.HasPrefix(l, "  - ") }) {
			t.Errorf("%s: no list under a heading \"Which …\" in the first 60 lines of go doc", u.dir)
		}
		if heading >= 0 && !slices.ContainsFunc(lines[:heading], func(l string) bool { return strings.Contains(l, u.pkg.Name()+".") && strings.HasPrefix(l, "    ") }) {
			t.Errorf("%s: no program before the table", u.dir)
		}
	}
}

// TestDocLinks asks that every [Name] in a doc comment that looks like a link to a
// declaration names one.
func TestDocLinks(t *testing.T) {
	fset, units := loaded(t)
	for _, u := range units {
		parser := comment.Parser{
			LookupPackage: func(name string) (string, bool) { return comment.DefaultLookupPackage(name) },
			LookupSym: func(recv, name string) bool {
				if recv == "" {
					return u.pkg.Scope().Lookup(name) != nil
				}
				obj := u.pkg.Scope().Lookup(recv)
				if obj == nil {
					return false
				}
				member, _, _ := types.LookupFieldOrMethod(obj.Type(), true, u.pkg, name)
				return member != nil
			},
		}
		for _, f := range u.files {
			if f.Doc == nil {
				continue
			}
			dead := regexp.MustCompile(`\[([A-Z]\w*(\.[A-Z]\w*)?)\]`)
			walk := func(text []comment.Text) {
				for _, x := range text {
					if p, ok := x.(comment.Plain); ok {
						for _, m := range dead.FindAllString(string(p), -1) {
							t.Errorf("%s: %s links to nothing", place(fset, f.Doc.Pos()), m)
						}
					}
				}
			}
			blocks(parser.Parse(f.Doc.Text()).Content, walk)
		}
	}
}

func blocks(content []comment.Block, walk func([]comment.Text)) {
	for _, b := range content {
		switch b := b.(type) {
		case *comment.Paragraph:
			walk(b.Text)
		case *comment.List:
			for _, item := range b.Items {
				blocks(item.Content, walk)
			}
		}
	}
}

// TestMarkdown follows every relative link of the Markdown files, with its anchor.
func TestMarkdown(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	code := regexp.MustCompile("(?ms)^```.*?^```") // f[T](x) is no link
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(string(raw), ""), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			file := path
			if target != "" {
				file = filepath.Join(filepath.Dir(path), target)
			}
			text, err := os.ReadFile(file)
			if _, statErr := os.Stat(file); statErr != nil {
				t.Errorf("%s: link to %s, which is not there", path, m[1])
			} else if anchor != "" && (err != nil || !slices.Contains(anchors(string(text)), anchor)) {
				t.Errorf("%s: link to %s, which has no such heading", path, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// anchors lists the anchors that the headings of a Markdown text get.
func anchors(text string) (out []string) {
	for line := range strings.Lines(text) {
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") {
			title = strings.ToLower(strings.TrimSpace(title))
			title = strings.Map(func(r rune) rune {
				if r == ' ' {
					return '-'
				}
				if r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 127 {
					return r
				}
				return -1
			}, title)
			out = append(out, title)
		}
	}
	return out
}

// TestVocabulary keeps one name for one idea in the fields of options, in the methods
// of accumulators and in parameters; CONTRIBUTING.md has the list.
func TestVocabulary(t *testing.T) {
	other := map[string]string{
		"CutOff": "AsOf", "Cut": "AsOf", "Through": "AsOf", "Now": "AsOf", "Reference": "AsOf", "Tolerance": "Tol", "Sweeps": "MaxIter", "Ridge": "L2",
		"Confidence": "Level",
	}
	fset, units := loaded(t)
	for _, u := range units {
		for _, name := range u.pkg.Scope().Names() {
			obj, ok := u.pkg.Scope().Lookup(name).(*types.TypeName)
			if !ok || !obj.Exported() {
				continue
			}
			if s, ok := obj.Type().Underlying().(*types.Struct); ok && strings.HasSuffix(name, "Options") {
				for i := range s.NumFields() {
					f := s.Field(i)
					if want := other[f.Name()]; want != "" {
						t.Errorf("%s: %s.%s: the name of this idea is %s", u.dir, name, f.Name(), want)
					}
					if f.Name() == "Weights" && types.Identical(f.Type(), types.Typ[types.Bool]) {
						t.Errorf("%s: %s.Weights is a switch: UseWeights", u.dir, name)
					}
				}
			}
			methods := types.NewMethodSet(types.NewPointer(obj.Type()))
			if methods.Lookup(u.pkg, "Merge") != nil && !types.IsInterface(obj.Type()) {
				for _, want := range []string{"AppendBinary", "MarshalBinary", "UnmarshalBinary"} {
					if methods.Lookup(u.pkg, want) == nil {
						t.Errorf("%s: %s merges, but has no %s", u.dir, name, want)
					}
				}
			}
		}
		options(t, fset, u)
	}
}

// moments asks that exported functions call the moment as of which they answer asOf.
func moments(t *testing.T, fset *token.FileSet, d *ast.FuncDecl) {
	if !d.Name.IsExported() || d.Recv != nil && !token.IsExported(receiver(d)) {
		return
	}
	for _, p := range d.Type.Params.List {
		if types.ExprString(p.Type) != "time.Time" {
			continue
		}
		for _, name := range p.Names {
			switch name.Name {
			case "through", "cut", "cutOff", "now", "reference":
				t.Errorf("%s: %s takes %s: the name of this idea is asOf", place(fset, d.Pos()), d.Name.Name, name.Name)
			}
		}
	}
}

// options checks the names of parameters and the first words of options' comments.
func options(t *testing.T, fset *token.FileSet, u unit) {
	for _, f := range u.files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				moments(t, fset, d)
				for _, p := range d.Type.Params.List {
					if id, ok := p.Type.(*ast.Ident); ok && strings.HasSuffix(id.Name, "Options") && len(p.Names) == 1 && p.Names[0].Name != "opt" {
						t.Errorf("%s: %s calls its options %s, want opt", place(fset, d.Pos()), d.Name.Name, p.Names[0].Name)
					}
					if d.Name.Name == "Merge" && d.Recv != nil && len(p.Names) == 1 && p.Names[0].Name != "other" {
						t.Errorf("%s: %s.Merge calls its argument %s, want other", place(fset, d.Pos()), receiver(d), p.Names[0].Name)
					}
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					ts, ok := s.(*ast.TypeSpec)
					if !ok || !ts.Name.IsExported() || !strings.HasSuffix(ts.Name.Name, "Options") {
						continue
					}
					text := d.Doc.Text() + ts.Doc.Text()
					if !strings.HasPrefix(text, ts.Name.Name+" configures ") {
						t.Errorf("%s: the comment of %s does not begin with \"%s configures\"", place(fset, ts.Pos()), ts.Name.Name, ts.Name.Name)
					}
				}
			}
		}
	}
}
