package profile_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/geo"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
)

var towns = map[string][2]float64{"rome": {41.9028, 12.4964}, "oslo": {59.9139, 10.7522}}

func townOf(r *profile.Record) (lat, lon float64, ok bool) {
	p, ok := towns[r.Extra["city"]]
	return p[0], p[1], ok
}

var together = map[uint64][]profile.Neighbor{
	1: {{Target: 0, Count: 3}, {Target: 1, Count: 1}}, 2: {{Target: 1, Count: 4}, {Target: 9, Count: 4}}, 3: {{Target: -1, Count: 2}, {Target: 0, Count: -5}},
}

// TestPlacesAndNeighbors compares both features with sums over the records, and tests their laws.
func TestPlacesAndNeighbors(t *testing.T) {
	stores := [][2]float64{{45.4642, 9.19}, {55.6761, 12.5683}} // Milan, Copenhagen
	places := promised(profile.NewGeo(profile.GeoOptions{Name: "at", Days: []int{30}, Place: townOf, Stores: stores, Regions: []string{"sr", "u"}}))
	near := promised(profile.NewNeighbors(profile.NeighborsOptions{
		Name: "with", Days: []int{30}, Targets: []string{"belt", "tie"}, Neighbors: func(item uint64) []profile.Neighbor { return together[item] },
	}))
	for seed := range uint64(3) {
		log := shopLog(seed, cut, 80)
		for _, f := range []profile.Feature{places, near} {
			if err := profile.CheckFeature(f, log, profile.BuilderOptions{AsOf: cut}); err != nil {
				t.Error(err)
			}
		}
		b := newBuilder(t, profile.BuilderOptions{Features: []profile.Feature{places, near}})
		if err := b.AddAll(log); err != nil {
			t.Fatal(err)
		}
		table := promised(b.Table(profile.TableOptions{Columns: append(places.Columns(), near.Columns()...)}))
		for i, who := range table.IDs {
			for _, days := range []int{36500, 30} {
				suffix := map[int]string{36500: "", 30: "_30d"}[days]
				from := cut.AddDate(0, 0, -days)
				n, km, least, rome, oslo, all, target := 0., 0., math.Inf(1), 0., 0., 0., [2]float64{}
				item := func(id int) {
					for _, x := range together[uint64(id)] {
						all += float64(max(x.Count, 0))
						if x.Target == 0 || x.Target == 1 {
							target[x.Target] += float64(max(x.Count, 0))
						}
					}
				}
				for _, e := range log.Events {
					if e.User != who || !e.At.Before(cut) || e.At.Before(from) {
						continue
					}
					item(e.Item)
					if p, ok := towns[e.Extra["city"]]; ok {
						d := math.Inf(1)
						for _, s := range stores {
							d = min(d, geo.Kilometers(p[0], p[1], s[0], s[1]))
						}
						n, km, least = n+1, km+d, min(least, d)
						if e.Extra["city"] == "rome" {
							rome++
						} else {
							oslo++
						}
					}
				}
				for _, o := range log.Orders {
					if o.User == who && o.At.Before(cut) && !o.At.Before(from) {
						for _, l := range o.Lines {
							item(l.Item)
						}
					}
				}
				if n == 0 {
					least = math.NaN()
				}
				for name, want := range map[string]float64{
					"at_km": km / n, "at_km_least": least, "at=sr": rome / n, "at=u": oslo / n,
					"with_count": all, "with=belt": target[0] / all, "with=tie": target[1] / all,
				} {
					testkit.Near(t, fmt.Sprint(who, " ", name, suffix), table.Rows[i][table.Column(name+suffix)], want, 1e-3)
				}
			}
		}
	}
}

func TestPlacesAndNeighborsRefuse(t *testing.T) {
	fine := profile.GeoOptions{Place: townOf, Regions: []string{"u"}}
	bad := func(change func(*profile.GeoOptions)) error {
		opt := fine
		change(&opt)
		_, err := profile.NewGeo(opt)
		return err
	}
	beside := func(opt profile.NeighborsOptions) error {
		_, err := profile.NewNeighbors(opt)
		return err
	}
	none := func(uint64) []profile.Neighbor { return nil }
	for name, err := range map[string]error{
		"no place":     bad(func(o *profile.GeoOptions) { o.Place = nil }),
		"nothing":      bad(func(o *profile.GeoOptions) { o.Regions = nil }),
		"no geohash":   bad(func(o *profile.GeoOptions) { o.Regions = []string{"ua"} }),
		"twice":        bad(func(o *profile.GeoOptions) { o.Regions = []string{"u", "u"} }),
		"store":        bad(func(o *profile.GeoOptions) { o.Stores = [][2]float64{{91, 0}} }),
		"store NaN":    bad(func(o *profile.GeoOptions) { o.Stores = [][2]float64{{0, math.NaN()}} }),
		"days":         bad(func(o *profile.GeoOptions) { o.Days = []int{7, 7} }),
		"no name":      beside(profile.NeighborsOptions{Targets: []string{"a"}, Neighbors: none}),
		"no targets":   beside(profile.NeighborsOptions{Name: "n", Neighbors: none}),
		"no function":  beside(profile.NeighborsOptions{Name: "n", Targets: []string{"a"}}),
		"target twice": beside(profile.NeighborsOptions{Name: "n", Targets: []string{"a", "a"}, Neighbors: none}),
		"target empty": beside(profile.NeighborsOptions{Name: "n", Targets: []string{""}, Neighbors: none}),
		"day 0":        beside(profile.NeighborsOptions{Name: "n", Days: []int{0}, Targets: []string{"a"}, Neighbors: none}),
	} {
		if !errors.Is(err, profile.ErrOption) || !strings.Contains(err.Error(), "profile: New") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFuse: the inner product of fused vectors is the weighted mean of the cosines; a mean has length 1
// and does without what is missing.
func TestFuse(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	vector := func(n int, scale float32) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = scale * float32(r.NormFloat64())
		}
		return v
	}
	dot := func(a, b []float32) float64 {
		sum := 0.
		for i := range a {
			sum += float64(a[i]) * float64(b[i])
		}
		return sum
	}
	cos := func(a, b []float32) float64 { return dot(a, b) / math.Sqrt(dot(a, a)*dot(b, b)) }
	opt := profile.FuseOptions{Dims: []int{3, 5}, Weights: []float64{1, 3}}
	for range 50 {
		a1, a2, b1, b2 := vector(3, 1e-3), vector(5, 1e4), vector(3, 7), vector(5, 1)
		a, b := promised(profile.Fuse(nil, opt, a1, a2)), promised(profile.Fuse([]float32{9}, opt, b1, b2))
		if len(a) != 8 || b[0] != 9 {
			t.Fatal(a, b)
		}
		testkit.Near(t, "cosine", dot(a, b[1:]), (cos(a1, b1)+3*cos(a2, b2))/4, 1e-6)
		alone := promised(profile.Fuse(nil, opt, nil, a2))
		testkit.Near(t, "missing", dot(alone, b[1:]), 3*cos(a2, b2)/4, 1e-6)
		mean := profile.FuseOptions{Dims: []int{3, 3}, Mean: true, Weights: []float64{2, 1}}
		m := promised(profile.Fuse(nil, mean, a1, b1))
		testkit.Near(t, "length", dot(m, m), 1, 1e-6)
		testkit.Near(t, "nearer to the heavier", cos(m, a1)-cos(m, b1), math.Abs(cos(m, a1)-cos(m, b1)), 1e-6)
		testkit.Near(t, "mean of one", cos(promised(profile.Fuse(nil, mean, make([]float32, 3), b1)), b1), 1, 1e-6)
	}
	x := []float32{1, 2, 3}
	dst := []float32{5}
	for name, c := range map[string]struct {
		opt     profile.FuseOptions
		vectors [][]float32
		want    error
	}{
		"no dims":      {profile.FuseOptions{}, nil, profile.ErrOption},
		"dim huge":     {profile.FuseOptions{Dims: []int{3, math.MaxInt}}, [][]float32{x, nil}, profile.ErrOption},
		"dim 0":        {profile.FuseOptions{Dims: []int{0}}, [][]float32{x}, profile.ErrOption},
		"mean of two":  {profile.FuseOptions{Dims: []int{3, 2}, Mean: true}, [][]float32{x, {1, 2}}, profile.ErrOption},
		"weights":      {profile.FuseOptions{Dims: []int{3}, Weights: []float64{1, 2}}, [][]float32{x}, profile.ErrOption},
		"negative":     {profile.FuseOptions{Dims: []int{3}, Weights: []float64{-1}}, [][]float32{x}, profile.ErrOption},
		"NaN":          {profile.FuseOptions{Dims: []int{3}, Weights: []float64{math.NaN()}}, [][]float32{x}, profile.ErrOption},
		"weights of 0": {profile.FuseOptions{Dims: []int{3}, Weights: []float64{0}}, [][]float32{x}, profile.ErrOption},
		"one more":     {profile.FuseOptions{Dims: []int{3}}, [][]float32{x, x}, profile.ErrShape},
		"length":       {profile.FuseOptions{Dims: []int{4}}, [][]float32{x}, profile.ErrShape},
		"infinite":     {profile.FuseOptions{Dims: []int{1}}, [][]float32{{float32(math.Inf(1))}}, profile.ErrNotFinite},
		"none":         {profile.FuseOptions{Dims: []int{3, 3}}, [][]float32{nil, make([]float32, 3)}, profile.ErrEmpty},
		"weighs none":  {profile.FuseOptions{Dims: []int{3, 3}, Weights: []float64{0, 1}}, [][]float32{x, nil}, profile.ErrEmpty},
		"cancel":       {profile.FuseOptions{Dims: []int{3, 3}, Mean: true}, [][]float32{x, {-1, -2, -3}}, profile.ErrUndefined},
	} {
		got, err := profile.Fuse(dst, c.opt, c.vectors...)
		if !errors.Is(err, c.want) || len(got) != 1 || got[0] != 5 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	room, y := make([]float32, 0, 8), vector(5, 1)
	if n := testing.AllocsPerRun(100, func() { _, _ = profile.Fuse(room, opt, x, y) }); n != 0 && !testkit.Race {
		t.Errorf("%v allocations", n)
	}
}
