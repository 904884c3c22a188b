package tree_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/predict/tree"
)

// shopColumns are the columns of a shop that has one more than the planted model reads, in another order, and
// a brand more.
func shopColumns() []predict.Column {
	return []predict.Column{
		{Name: "spend"},
		{Name: "b", Kind: predict.Categorical},
		{Name: "brand", Kind: predict.Categorical, Levels: []string{"south", "west", "north", "east"}},
		{Name: "a"},
		{Name: "recency"},
	}
}

// TestBind: a bound row has what the row in the order of the model has, and levels are found by name.
func TestBind(t *testing.T) {
	m := filled()
	b := must(m.Bind(shopColumns()))
	code := []float64{2, math.NaN(), 0, 1} // of south, west, north, east in the model
	for _, spend := range []float64{-1, 0, 2, math.NaN()} {
		for brand := range 4 {
			for _, recency := range []float64{1, 3, math.NaN()} {
				own := [][]float64{{recency, code[brand], spend}}
				row := []float64{spend, 0, float64(brand), 7, recency}
				if got, want := b.Margins(nil, row), must(m.Margins(nil, own)); !slices.EqualFunc(got, want, sameBits) {
					t.Errorf("%v: %v, want %v", row, got, want)
				}
				if got, want := b.Predict(nil, row), must(m.Predict(nil, own)); !slices.EqualFunc(got, want, sameBits) {
					t.Errorf("%v: %v, want %v", row, got, want)
				}
			}
		}
	}
	if got := b.Predict([]float64{5}, []float64{1}); len(got) != 3 || got[0] != 5 || got[1] == got[1] || got[2] == got[2] {
		t.Errorf("a row of another width has %v", got)
	}
	if got := new(tree.Bound).Predict([]float64{5}, []float64{1}); len(got) != 1 {
		t.Errorf("a Bound that nothing made says %v", got)
	}
	if !testkit.Race {
		row, dst := []float64{1, 0, 2, 3, 4}, make([]float64, 0, 2)
		if n := testing.AllocsPerRun(100, func() { dst = b.Predict(dst[:0], row) }); n != 0 {
			t.Errorf("a bound row allocates %v times", n)
		}
	}
}

func TestBindErrors(t *testing.T) {
	for _, c := range []struct {
		name    string
		columns []predict.Column
		want    error
		text    string
	}{
		{"missing", predict.Numbers("recency", "spend"), tree.ErrMismatch, `"brand" is missing`},
		{"kind", predict.Numbers("recency", "brand", "spend"), tree.ErrMismatch, `"brand" is numeric`},
		{"none", nil, tree.ErrEmpty, ""},
	} {
		if _, err := filled().Bind(c.columns); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := new(tree.Ensemble).Bind(shopColumns()); !errors.Is(err, tree.ErrEmpty) {
		t.Error(err)
	}
}

// TestSchemaOfFits: every fit keeps names, kinds and levels, whether or not trees split by them, through the
// binary form, a warm start and a cut, and refuses those that do not fit the rows.
func TestSchemaOfFits(t *testing.T) {
	rows, margin := mixed(60, 3)
	y := labels(margin, 3)
	names, levels := []string{"a", "b", "c", "d", "e"}, [][]string{3: {"x", "y"}, 4: nil}
	type fit func(names []string, categorical []int, levels [][]string) (*tree.Ensemble, error)
	boost := func(o tree.BoostOptions) fit {
		return func(n []string, c []int, l [][]string) (*tree.Ensemble, error) {
			o.Names, o.Categorical, o.Levels, o.Iterations, o.Leaves = n, c, l, 2, 2
			return tree.FitBoost(bg, rows, y, o)
		}
	}
	fits := map[string]fit{
		"boost": boost(tree.BoostOptions{}),
		"cart": func(n []string, c []int, l [][]string) (*tree.Ensemble, error) {
			return tree.FitCART(bg, rows, y, tree.CARTOptions{MaxDepth: 1, Names: n, Categorical: c, Levels: l})
		},
		"forest": func(n []string, c []int, l [][]string) (*tree.Ensemble, error) {
			r, err := tree.FitForest(bg, rows, y, tree.ForestOptions{Trees: 2, MaxDepth: 1, Names: n, Categorical: c, Levels: l})
			if err != nil {
				return nil, err
			}
			return r.Ensemble, nil
		},
		"assemble": func(n []string, c []int, l [][]string) (*tree.Ensemble, error) {
			return tree.Assemble([][]tree.Node{{{Column: -1, Values: []float64{1}}}}, tree.AssembleOptions{Columns: 5, Names: n, Categorical: c, Levels: l})
		},
	}
	columns := predict.Numbers(names...)
	columns[3].Kind, columns[3].Levels = predict.Categorical, levels[3]
	want := must(predict.NewSchema(columns)).Hash()
	for name, fit := range fits {
		m := must(fit(names, []int{3}, levels))
		if got := m.Schema(); got.Hash() != want || !slices.Equal(got.Column(3).Levels, levels[3]) || !slices.Equal(m.Names(), names) {
			t.Errorf("%s: another schema: %v", name, got)
		}
		var again tree.Ensemble
		if err := again.UnmarshalBinary(must(m.MarshalBinary())); err != nil || again.Schema().Hash() != want {
			t.Errorf("%s: decoded: %v", name, err)
		}
		if first := must(m.First(1)); first.Schema().Hash() != want {
			t.Errorf("%s: First lost the schema", name)
		}
		plain := must(fit(nil, []int{3}, nil))
		if s := plain.Schema(); plain.Names() != nil || s.Column(1).Name != "x1" || s.Column(3).Kind != predict.Categorical || s.Column(2).Kind != predict.Numeric {
			t.Errorf("%s: without names the schema is %v", name, s)
		}
		for _, bad := range []struct {
			names  []string
			coded  []int
			levels [][]string
			want   error
		}{
			{[]string{"a", "b", "c", "", "e"}, nil, nil, tree.ErrEmpty},
			{[]string{"a", "b", "c", "a", "e"}, nil, nil, tree.ErrDuplicate},
			{nil, []int{5}, nil, tree.ErrRange},
			{nil, nil, levels, tree.ErrOption},
			{nil, []int{3}, levels[:4], tree.ErrShape},
			{nil, []int{3}, [][]string{3: {"x", "x"}, 4: nil}, tree.ErrDuplicate},
		} {
			if _, err := fit(bad.names, bad.coded, bad.levels); !errors.Is(err, bad.want) {
				t.Errorf("%s: %v, want %v", name, err, bad.want)
			}
		}
	}
	start := must(fits["boost"](names, []int{3}, levels))
	if m := must(boost(tree.BoostOptions{Start: start})(nil, []int{3}, nil)); m.Schema().Hash() != want {
		t.Error("a warm start lost the schema")
	}
	for _, bad := range []fit{
		func([]string, []int, [][]string) (*tree.Ensemble, error) {
			return boost(tree.BoostOptions{Start: start})(nil, nil, nil)
		},
		func([]string, []int, [][]string) (*tree.Ensemble, error) {
			return boost(tree.BoostOptions{Start: start})([]string{"a", "b", "c", "d", "f"}, []int{3}, nil)
		},
		func([]string, []int, [][]string) (*tree.Ensemble, error) {
			return boost(tree.BoostOptions{Start: start})(nil, []int{3}, [][]string{3: {"y", "x"}, 4: nil})
		},
	} {
		if _, err := bad(nil, nil, nil); !errors.Is(err, tree.ErrMismatch) {
			t.Error(err)
		}
	}
}

// TestSchemaOfImports: what the files say of columns is in the schema, and Best is what their own classes predict with.
func TestSchemaOfImports(t *testing.T) {
	text := string(must(os.ReadFile("testdata/import/lightgbm-4.0.0-binary-categories.txt")))
	m := must(tree.ImportLightGBM([]byte(text)))
	var kinds []predict.ColumnKind
	for j := range m.Columns() {
		kinds = append(kinds, m.Schema().Column(j).Kind)
	}
	if want := []predict.ColumnKind{0, 0, 1, 0, 1}; !slices.Equal(kinds, want) || m.Names() == nil {
		t.Errorf("kinds %v, want %v; names %v", kinds, want, m.Names())
	}
	brands := []string{"x", "中文"} // of the codes 0 to 69
	for len(brands) < 70 {
		brands = append(brands, fmt.Sprint("y", len(brands)))
	}
	quoted := `"` + strings.Join(brands, `", "`) + `"`
	for _, c := range []struct {
		list string
		want []string
	}{
		{`[["a", "b", "c", "d", "e", "f"], [` + quoted + `]]`, brands},
		{`[["a", "b", "c", "d", "e"], [` + quoted + `]]`, nil}, // codes go up to 5: it is the list of another column
		{`[[` + quoted + `], ["a", "b", "c", "d", "e", "f"]]`, nil},
		{`[["a", "b", "c", "d", "e", "f"], ["x", ` + quoted + `]]`, nil},
		{`[[` + quoted + `]]`, nil},
		{`[[1, 2], [` + quoted + `]]`, nil},
		{`[[`, nil},
	} {
		m := must(tree.ImportLightGBM([]byte(strings.Replace(text, "pandas_categorical:null", "pandas_categorical:"+c.list, 1))))
		if got := m.Schema().Column(4).Levels; !slices.Equal(got, c.want) {
			t.Errorf("%.40s: levels %v, want %v", c.list, got, c.want)
		}
	}
	xgb := string(must(os.ReadFile("testdata/import/xgboost-1.7.6-multiclass-forest.json")))
	m = must(tree.ImportXGBoost([]byte(xgb)))
	if all := m.Trees(); m.Best() != all {
		t.Errorf("best %d of %d", m.Best(), all)
	}
	m = must(tree.ImportXGBoost([]byte(strings.Replace(xgb, `"best_iteration":"1"`, `"best_iteration":"0"`, 1))))
	if m.Best() != 6 { // three classes, two trees each
		t.Errorf("best of one round is %d", m.Best())
	}
	var again tree.Ensemble
	if err := again.UnmarshalBinary(must(m.MarshalBinary())); err != nil || again.Best() != 6 {
		t.Errorf("decoded: %d trees, %v", again.Best(), err)
	}
	if cut := must(m.First(1)); cut.Best() != 1 {
		t.Errorf("best of one tree is %d", cut.Best())
	}
}

// TestFrameSchema: a frame whose schema says nothing, or not what the trees say, is refused.
func TestFrameSchema(t *testing.T) {
	columns := func(names []string, kinds ...predict.ColumnKind) []byte {
		c := predict.Numbers(names...)
		for j, k := range kinds {
			c[j].Kind = k
		}
		return must(must(predict.NewSchema(c)).MarshalBinary())
	}
	plain := []string{"x0", "x1", "x2"}
	for _, c := range []struct {
		name   string
		schema []byte
		best   int
		ok     bool
	}{
		{"none", nil, 0, true},
		{"a column more of categories", columns(plain, 1, 1, 0), 0, true},
		{"names", columns([]string{"a", "b", "c"}, 0, 1, 0), 1, true},
		{"nothing new", columns(plain, 0, 1, 0), 0, false},
		{"numeric", columns([]string{"a", "b", "c"}), 0, false},
		{"a column too few", columns([]string{"a", "b"}, 0, 1), 0, false},
		{"no schema", []byte{1, 2, 3}, 0, false},
		{"all trees are best", nil, 2, false},
	} {
		var w codec.Writer
		w.Int(3)
		w.Bytes(c.schema)
		w.Int(c.best)
		w.Float64s([]float64{.5})
		w.Int(0)
		w.Float64(1)
		w.Bool(false)
		w.Bool(false)
		w.Int(1)
		w.Int32s([]int32{0, 0})
		w.Int32s([]int32{1, -1, -1, -1}) // a split by category, a leaf
		w.Bytes([]byte{8})
		w.Float64s(nil)
		w.Int32s([]int32{1})
		w.Int32s([]int32{5})
		w.Float64s([]float64{0, 1, 2, 3})
		for range 3 {
			w.Float64s(make([]float64, 4))
		}
		var m tree.Ensemble
		err := m.UnmarshalBinary(w.AppendFrame(nil, codec.KindEnsemble, 2))
		if (err == nil) != c.ok || err != nil && !errors.Is(err, check.ErrCorrupt) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func sameBits(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }
