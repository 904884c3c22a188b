package testkit

import (
	"context"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"
)

// usual is a value of a type that most calls take.
func usual(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	switch t {
	case reflect.TypeFor[context.Context]():
		v.Set(reflect.ValueOf(context.Background()))
		return v
	case reflect.TypeFor[time.Time]():
		return reflect.ValueOf(time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC))
	case reflect.TypeFor[time.Duration]():
		return reflect.ValueOf(24 * time.Hour)
	}
	switch t.Kind() {
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if t.PkgPath() == "" { // no enumeration, whose 0 is its default
			v.SetUint(1)
		}
	case reflect.String:
		v.SetString("a")
	case reflect.Slice:
		for k := range 3 {
			x := usual(t.Elem())
			switch {
			case x.Kind() == reflect.Float64:
				x.SetFloat([]float64{1, 2, 4}[k])
			case x.CanInt():
				x.SetInt(int64(k))
			case x.Kind() == reflect.String:
				x.SetString(string(rune('a' + k)))
			case x.Kind() == reflect.Bool:
				x.SetBool(k != 1)
			case x.Type() == reflect.TypeFor[time.Time]():
				x = reflect.ValueOf(x.Interface().(time.Time).AddDate(0, 0, k))
			}
			v = reflect.Append(v, x)
		}
	}
	return v
}

// variant is an argument with one thing wrong.
type variant struct {
	what   string
	value  reflect.Value
	fields []string // of structs, Type.Field, that it is in
}

// variants returns v with every part of it wrong in turn.
func variants(v reflect.Value, at string, depth int) (out []variant) {
	add := func(what string, x any) {
		out = append(out, variant{at + " " + what, reflect.ValueOf(x).Convert(v.Type()), nil})
	}
	if depth > 4 {
		return nil
	}
	if _, ok := v.Interface().(time.Time); ok {
		add("zero time", time.Time{})
		add("year 9999", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC))
		add("year 1", time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC))
		return out
	}
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 0, 1e308, 5e-324} {
			add(fmt.Sprint(x), x)
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		bits := v.Type().Bits()
		add("-1", -1)
		add("0", 0)
		add("least", int64(-1)<<(bits-1))
		add("largest", int64(1)<<(bits-2)-1+int64(1)<<(bits-2))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		add("0", 0)
		add("largest", uint64(math.MaxUint64)>>(64-v.Type().Bits()))
	case reflect.String:
		add("empty", "")
		add("no text", "\xff\x00")
	case reflect.Bool:
		add(fmt.Sprint(!v.Bool()), !v.Bool())
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Interface:
		if !v.IsNil() {
			out = append(out, variant{at + " nil", reflect.Zero(v.Type()), nil})
		} else {
			out = append(out, variant{at + " nil again", v, nil})
		}
		if v.Kind() == reflect.Pointer && !v.IsNil() && v.Elem().Kind() == reflect.Struct {
			out = append(out, variant{at + " to zero", reflect.New(v.Type().Elem()), nil})
			for _, x := range variants(v.Elem(), at, depth+1) {
				to := reflect.New(v.Type().Elem())
				to.Elem().Set(x.value)
				out = append(out, variant{x.what, to, x.fields})
			}
		}
	case reflect.Slice:
		out = append(out, sliced(v, at, depth)...)
	case reflect.Array:
		if v.Len() > 0 {
			out = append(out, element(v, v.Len()-1, at, depth)...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() {
				continue
			}
			owner, _, _ := strings.Cut(v.Type().Name(), "[")
			for _, x := range variants(v.Field(i), at+"."+f.Name, depth+1) {
				changed := reflect.New(v.Type()).Elem()
				changed.Set(v)
				changed.Field(i).Set(x.value)
				out = append(out, variant{x.what, changed, append(x.fields, owner+"."+f.Name)})
			}
		}
	}
	return out
}

// sliced are the variants of a slice: none, shorter, longer, and its last element wrong.
func sliced(v reflect.Value, at string, depth int) []variant {
	out := []variant{{at + " nil", reflect.Zero(v.Type()), nil}, {at + " empty", reflect.MakeSlice(v.Type(), 0, 0), nil}}
	n := v.Len()
	if n == 0 {
		return out
	}
	whole := reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, n+1), v)
	return append(append(out, variant{at + " shorter", whole.Slice3(0, n-1, n-1), nil}, variant{at + " longer", reflect.Append(whole, v.Index(n-1)), nil}),
		element(v, n-1, at, depth)...)
}

// element are the variants with one element wrong.
func element(v reflect.Value, i int, at string, depth int) (out []variant) {
	for _, x := range variants(v.Index(i), fmt.Sprintf("%s[%d]", at, i), depth+1) {
		changed := reflect.New(v.Type()).Elem()
		if v.Kind() == reflect.Slice {
			changed.Set(reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()), v))
		} else {
			changed.Set(v)
		}
		changed.Index(i).Set(x.value)
		out = append(out, variant{x.what, changed, x.fields})
	}
	return out
}

// surface lists the names of a package that need a case: functions, methods of exported
// types that are no interfaces, and fields of structs that a function or method takes or
// that are called options.
func surface(dir string) ([]string, error) {
	bp, err := build.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	var names []string
	structs := map[string]*ast.StructType{}
	taken := map[string]bool{}
	fset := token.NewFileSet()
	for _, file := range bp.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(dir, file), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				name := d.Name.Name
				if d.Recv != nil {
					owner := typeName(d.Recv.List[0].Type)
					if !token.IsExported(owner) {
						continue
					}
					name = owner + "." + name
				}
				if !token.IsExported(d.Name.Name) {
					continue
				}
				names = append(names, name)
				for _, p := range d.Type.Params.List {
					taken[typeName(p.Type)] = true
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if t, ok := s.(*ast.TypeSpec); ok && t.Name.IsExported() {
						if body, ok := t.Type.(*ast.StructType); ok {
							structs[t.Name.Name] = body
						}
					}
				}
			}
		}
	}
	for name, body := range structs {
		if !taken[name] && !strings.HasSuffix(name, "Options") {
			continue
		}
		for _, f := range body.Fields.List {
			for _, id := range f.Names {
				if id.IsExported() {
					names = append(names, name+"."+id.Name)
				}
			}
		}
	}
	slices.Sort(names)
	return names, nil
}

// typeName is the name of a type of the package: of what a slice or a variadic parameter
// holds, too, but not of what a pointer points to where that is a parameter's.
func typeName(x ast.Expr) string {
	switch e := x.(type) {
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.ArrayType:
		return typeName(e.Elt)
	case *ast.Ellipsis:
		return typeName(e.Elt)
	case *ast.IndexExpr:
		return typeName(e.X)
	case *ast.IndexListExpr:
		return typeName(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}
