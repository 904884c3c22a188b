package layout

import (
	"cmp"
	"fmt"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The exported surface of the public packages stands in api.txt, a line for each
// name, method and field. A line that is gone from the code stays there with a
// "- " before it until the next release, and CHANGELOG.md must name what it was, as
// `package.Name` or `package.Type.Member`. AISLE_WRITE_API=1 brings the file up to
// date; releases drop the lines with "- ".
const listing = "api.txt"

// entry is one line: what stands in the listing and the name a CHANGELOG line has to
// use, that of the type for its members.
type entry struct{ line, name, owner string }

func TestAPI(t *testing.T) {
	now := map[string]entry{}
	_, units := loaded(t)
	for _, u := range units {
		for _, e := range surface(u.dir, u.pkg) {
			now[e.line] = e
		}
	}
	raw, err := os.ReadFile(listing)
	if err != nil {
		t.Fatal(err)
	}
	known, gone := map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSuffix(line, "\n")
		if old, ok := strings.CutPrefix(line, "- "); ok {
			gone[old] = true
		} else {
			known[line] = true
		}
	}
	if os.Getenv("AISLE_WRITE_API") != "" {
		for line := range known {
			if _, ok := now[line]; !ok {
				gone[line] = true
			}
		}
		write(t, now, gone)
		return
	}
	for line := range now {
		if !known[line] {
			t.Errorf("new, not in %s (AISLE_WRITE_API=1 go test -run API ./internal/layout): %s", listing, line)
		}
	}
	for line := range known {
		if _, ok := now[line]; !ok {
			t.Errorf("gone, not marked in %s (AISLE_WRITE_API=1 go test -run API ./internal/layout): %s", listing, line)
		}
	}
	log, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range gone {
		if _, back := now[line]; !back && !named(string(log), line) {
			t.Errorf("break without a line in CHANGELOG.md: %s", line)
		}
	}
}

// named reports whether the log names what the line of the listing was, or the type
// it belonged to, in backticks.
func named(log, line string) bool {
	name := lineName(line)
	for name != "" {
		for _, quoted := range []string{"`" + name + "`", "`" + name + "(", "`" + name + "["} {
			if strings.Contains(log, quoted) {
				return true
			}
		}
		// A member of a type that moved goes with the type.
		k := strings.LastIndex(name, ".")
		if k < 0 || strings.Count(name, ".") < 2 {
			return false
		}
		name = name[:k]
	}
	return false
}

// lineName is the qualified name of a line: package.Name or package.Type.Member,
// with the last element of the package's path.
func lineName(line string) string {
	dir, rest, _ := strings.Cut(line, ": ")
	fields := strings.FieldsFunc(rest, func(r rune) bool { return r == ' ' || r == '(' || r == '[' || r == ',' })
	if len(fields) < 2 {
		return ""
	}
	return filepath.Base(dir) + "." + fields[1]
}

func write(t *testing.T, now map[string]entry, gone map[string]bool) {
	t.Helper()
	lines := slices.Collect(maps.Keys(now))
	for line := range gone {
		if _, back := now[line]; back {
			continue
		}
		lines = append(lines, "- "+line)
	}
	bare := func(s string) string { return strings.TrimPrefix(s, "- ") }
	slices.SortFunc(lines, func(a, b string) int { return cmp.Or(cmp.Compare(bare(a), bare(b)), cmp.Compare(a, b)) })
	if err := os.WriteFile(listing, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// surface lists what a package exports: its names, the methods of its types, and the
// fields of its structs.
func surface(dir string, pkg *types.Package) (out []entry) {
	q := types.RelativeTo(pkg)
	add := func(kind, name, text string) {
		owner, _, _ := strings.Cut(name, ".")
		line := strings.TrimRight(fmt.Sprintf("%s: %s %s%s", dir, kind, name, text), " ")
		out = append(out, entry{strings.ReplaceAll(line, module+"/", ""), name, owner})
	}
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		switch obj := obj.(type) {
		case *types.Const:
			add("const", name, " "+types.TypeString(obj.Type(), q))
		case *types.Var:
			add("var", name, " "+types.TypeString(obj.Type(), q))
		case *types.Func:
			add("func", name, signature(obj.Signature(), q))
		case *types.TypeName:
			members(name, obj, q, add)
		}
	}
	return out
}

func members(name string, obj *types.TypeName, q types.Qualifier, add func(kind, name, text string)) {
	params := ""
	if named, ok := obj.Type().(*types.Named); ok {
		params = typeParams(named.TypeParams(), q)
	}
	switch under := obj.Type().Underlying().(type) {
	case *types.Struct:
		add("type", name, params+" struct")
		for i := range under.NumFields() {
			if f := under.Field(i); f.Exported() {
				add("field", name+"."+f.Name(), " "+unnamed(f.Type(), q))
			}
		}
	case *types.Interface:
		add("type", name, params+" interface")
		for i := range under.NumEmbeddeds() {
			add("embeds", name+"."+types.TypeString(under.EmbeddedType(i), q), "")
		}
		for i := range under.NumExplicitMethods() {
			m := under.ExplicitMethod(i)
			add("method", name+"."+m.Name(), signature(m.Signature(), q))
		}
	default:
		add("type", name, params+" "+unnamed(under, q))
	}
	if types.IsInterface(obj.Type()) {
		return
	}
	methods := types.NewMethodSet(types.NewPointer(obj.Type()))
	values := types.NewMethodSet(obj.Type())
	for i := range methods.Len() {
		m := methods.At(i).Obj().(*types.Func)
		if !m.Exported() {
			continue
		}
		star := " of *" + name // a method of the value serves the pointer too
		if values.Lookup(m.Pkg(), m.Name()) != nil {
			star = ""
		}
		add("method", name+"."+m.Name(), signature(m.Signature(), q)+star)
	}
}

// signature writes a signature without the names of its parameters, which are no
// promise.
func signature(s *types.Signature, q types.Qualifier) string {
	bare := func(tuple *types.Tuple) *types.Tuple {
		var vars []*types.Var
		for i := range tuple.Len() {
			vars = append(vars, types.NewParam(token.NoPos, nil, "", tuple.At(i).Type()))
		}
		return types.NewTuple(vars...)
	}
	plain := types.NewSignatureType(nil, nil, nil, bare(s.Params()), bare(s.Results()), s.Variadic())
	return typeParams(s.TypeParams(), q) + strings.TrimPrefix(types.TypeString(plain, q), "func")
}

func unnamed(t types.Type, q types.Qualifier) string {
	if s, ok := t.(*types.Signature); ok {
		return "func" + signature(s, q)
	}
	return types.TypeString(t, q)
}

func typeParams(list *types.TypeParamList, q types.Qualifier) string {
	if list.Len() == 0 {
		return ""
	}
	var out []string
	for i := range list.Len() {
		p := list.At(i)
		out = append(out, p.Obj().Name()+" "+types.TypeString(p.Constraint(), q))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func TestNamed(t *testing.T) {
	log := "- `metrics.Ranking` → `ranking.Tally`; `supply.Plan(x)`, `profile.Builder.Table`"
	for line, want := range map[string]bool{
		"metrics: type Ranking[I comparable] struct":      true,
		"metrics: method Ranking.Add(int) error":          true, // goes with its type
		"metrics: type RankingOptions struct":             false,
		"supply: func Plan(float64) float64":              true,
		"profile: method Builder.Table() Table of *Build": true,
		"profile: method Builder.Add() error":             false,
	} {
		if got := named(log, line); got != want {
			t.Errorf("named(%q) = %v", line, got)
		}
	}
}

// TestSize holds every package to a size that one page of documentation can carry;
// errors apart.
func TestSize(t *testing.T) {
	_, units := loaded(t)
	for _, u := range units {
		limit, n := 120, 0
		if u.dir == "recommend" {
			limit = 249 // models read one matrix, see CONTRIBUTING.md
		}
		for _, name := range u.pkg.Scope().Names() {
			if token.IsExported(name) && !strings.HasPrefix(name, "Err") {
				n++
			}
		}
		if n > limit {
			t.Errorf("%s exports %d names, want at most %d: open a family", u.dir, n, limit)
		}
		t.Logf("%-24s %d", u.dir, n)
	}
}

// TestTwoMeanings: CONTRIBUTING.md lists every name that two packages export for
// different things.
func TestTwoMeanings(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(raw), "### Names with two meanings")
	list, _, _ = strings.Cut(list, "\n## ")
	first := map[string]string{}
	_, units := loaded(t)
	for _, u := range units {
		for _, name := range u.pkg.Scope().Names() {
			if !token.IsExported(name) || strings.HasPrefix(name, "Err") {
				continue
			}
			if x, ok := u.pkg.Scope().Lookup(name).(*types.TypeName); ok && x.IsAlias() {
				continue // one type, re-exported
			}
			if other := first[name]; other == "" {
				first[name] = u.dir
			} else if !strings.Contains(list, "`"+name+"`") {
				t.Errorf("%s and %s both export %s: CONTRIBUTING.md does not say what each is", other, u.dir, name)
			}
		}
	}
}
