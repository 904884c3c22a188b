package recommend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// named returns texts in which items of group g share words.
func named(items int) []string {
	texts := make([]string, items)
	for i := range texts {
		texts[i] = fmt.Sprintf("group%d style%d item%d", i%4, i%4, i)
	}
	return texts
}

func fitPair(t testing.TB) (*TFIDFModel, *ALS) {
	t.Helper()
	x := groups(60, 48, 8, 3)
	content, err := FitTFIDF(context.Background(), named(48), TFIDFOptions{})
	if err != nil {
		t.Fatal(err)
	}
	als, err := FitALS(context.Background(), x, ALSOptions{Factors: 8})
	if err != nil {
		t.Fatal(err)
	}
	return content, als
}

// The map is the ridge solution: the gradient vanishes, checked in float64.
func TestColdStartIsRidge(t *testing.T) {
	content, als := fitPair(t)
	const lambda = 0.7
	m, err := FitColdStart(context.Background(), content, als, ColdStartOptions{L2: lambda, Tol: 1e-6})
	if err != nil {
		t.Fatal(err)
	}
	f := als.Factors()
	for term := range content.Terms() {
		for k := range f {
			g, size := lambda*float64(m.b[term*f+k]), 0.0
			for i := range als.Items() {
				if isZero(als.ItemVector(i)) {
					continue
				}
				cols, vals := content.items.Row(i)
				e, at := -float64(als.ItemVector(i)[k]), 0.0
				for n, c := range cols {
					e += float64(vals[n]) * float64(m.b[int(c)*f+k])
					if int(c) == term {
						at = float64(vals[n])
					}
				}
				g += at * e
				size += math.Abs(at * e)
			}
			if math.Abs(g) > 1e-4*(size+1e-2) {
				t.Fatalf("term %d factor %d: gradient %v", term, k, g)
			}
		}
	}
}

func TestColdStartRanksNewItems(t *testing.T) {
	content, als := fitPair(t)
	m, err := FitColdStart(context.Background(), content, als, ColdStartOptions{L2: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	// An item of group 2 that nobody has seen must suit users of group 2 best.
	v := make([]float32, m.Factors())
	if err := m.ItemVector(v, "group2 style2 brandnew"); err != nil {
		t.Fatal(err)
	}
	var mean [4]float64
	for u := range als.Users() - 1 {
		for k, x := range als.UserVector(u) {
			mean[u%4] += float64(x) * float64(v[k])
		}
	}
	for g, s := range mean {
		if g != 2 && s >= mean[2]/2 {
			t.Errorf("users of group %d like the item of group 2: %v", g, mean)
		}
	}
	if err := m.ItemVector(v, "unheard of"); !errors.Is(err, ErrEmpty) {
		t.Errorf("no known term: %v", err)
	}
	if err := m.ItemVector(v[:3], "group2"); !errors.Is(err, ErrShape) {
		t.Errorf("short vector: %v", err)
	}
}

func TestColdStartCodecAndErrors(t *testing.T) {
	content, als := fitPair(t)
	var data []byte
	testkit.AtGOMAXPROCS(t, func() []byte {
		m, err := FitColdStart(context.Background(), content, als, ColdStartOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if data, err = m.MarshalBinary(); err != nil {
			t.Fatal(err)
		}
		return data
	})
	var back ColdStart
	if err := back.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if again, err := back.MarshalBinary(); err != nil || !bytes.Equal(again, data) {
		t.Errorf("round trip: %v", err)
	}
	r := rng.New(1, 1, 1)
	for range 300 {
		bad := bytes.Clone(data)
		bad[r.Intn(len(bad))] ^= byte(1 + r.Intn(255))
		if err := back.UnmarshalBinary(bad); err == nil {
			t.Fatal("accepted damage")
		}
	}
	other, err := FitTFIDF(context.Background(), named(47), TFIDFOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		ctx     context.Context
		content *TFIDFModel
		opt     ColdStartOptions
		want    error
	}{
		"other items": {context.Background(), other, ColdStartOptions{}, ErrMismatch},
		"nil":         {context.Background(), nil, ColdStartOptions{}, ErrMismatch},
		"options":     {context.Background(), content, ColdStartOptions{L2: -1, MaxIter: -1, Tol: -1}, ErrOption},
		"cancelled":   {ctx, content, ColdStartOptions{}, context.Canceled},
	} {
		if _, err := FitColdStart(c.ctx, c.content, als, c.opt); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzColdStartUnmarshal(f *testing.F) {
	content, als := fitPair(f)
	m, err := FitColdStart(context.Background(), content, als, ColdStartOptions{MaxIter: 2})
	if err != nil {
		f.Fatal(err)
	}
	data, _ := m.MarshalBinary()
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		var m ColdStart
		if m.UnmarshalBinary(testkit.Refit(data)) == nil {
			_ = m.ItemVector(make([]float32, m.Factors()), "group1")
		}
	})
}

func BenchmarkFitColdStart(b *testing.B) {
	content, als := fitPair(b)
	for b.Loop() {
		if _, err := FitColdStart(context.Background(), content, als, ColdStartOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
