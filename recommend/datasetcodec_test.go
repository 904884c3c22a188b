package recommend_test

import (
	"bytes"
	"context"
	"encoding"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

type frameSet = recommend.Dataset[string, int32]

// filledDataset is a grown dataset in which nothing is zero.
func filledDataset(t testing.TB) *frameSet {
	t.Helper()
	type builder = recommend.Builder[string, int32]
	b := must(recommend.NewBuilder[string, int32](recommend.BuilderOptions{
		Duplicates: recommend.Max, LogWeights: true, Cap: 1.5, HalfLife: 200 * time.Hour, AsOf: time.Unix(3_000_000, 7), MinUserItems: 1, MinItemUsers: 1,
	}))(t)
	add := func(b *builder, user string, item int32, weight float32, at, seq int64) {
		if err := b.AddSeq(user, item, weight, time.Unix(at, 9), seq); err != nil {
			t.Fatal(err)
		}
	}
	add(b, "c", 7, 2, 2_000_000, 0)
	add(b, "c", 7, 3, 2_000_000, 4)
	add(b, "b", 3, 1, 2_000_300, 5)
	add(b, "b", 7, 5, 2_000_200, 5)
	b = must(must(b.Build())(t).Grow())(t)
	add(b, "a", 7, -2, 2_000_400, 6) // cancelled
	add(b, "b", 3, -1, 2_000_500, 7) // returned
	add(b, "a", 3, 4, 2_000_600, 8)
	add(b, "d", 7, -1, 2_000_610, 2) // dropped
	add(b, "b", 9, -1, 2_000_620, 0) // an item that is
	d := must(b.Build())(t)
	facts := []recommend.Fact[int32]{{Item: 3, Attribute: "brand", Value: "x"}, {Item: 7, Attribute: "brand", Value: "y"}, {Item: 7, Attribute: "price", Number: 3}, {Item: 99, Attribute: "brand", Value: "z"}}
	d.Catalogue = must(recommend.NewCatalogue(d.Items, slices.Values(facts), recommend.CatalogueOptions{Bands: map[string][]float64{"price": {5}}}))(t)
	return d
}

// datasetValues are what a dataset says.
func datasetValues(t testing.TB, d *frameSet) map[string]any {
	t.Helper()
	x := d.Interactions
	s := must(x.Sequences())(t)
	out := map[string]any{"users": d.Users.IDs(), "items": d.Items.IDs(), "report": d.Report, "attributes": d.Catalogue.Attributes()}
	for u, user := range d.Users.IDs() {
		items, weights := x.Row(u)
		out[user] = []any{items, weights, x.Times(u), s.Sequence(u), s.Times(u)}
	}
	brands, counts, err := d.Catalogue.Values("brand")
	if err != nil {
		t.Fatal(err)
	}
	out["brands"] = []any{brands, counts, must(d.Catalogue.Between("price", 2, 4))(t).Count(), d.Catalogue.Unknown}
	grown := must(must(d.Grow())(t).Build())(t)
	out["grown"] = []any{grown.Report.Events, grown.Interactions.Len()}
	more := must(d.Grow())(t)
	for k, item := range []int32{7, 9} {
		if err := more.AddAt([]string{"d", "b"}[k], item, 3, time.Unix(2_000_700, 0)); err != nil {
			t.Fatal(err)
		}
	}
	back := must(more.Build())(t)
	if n := len(d.Users.IDs()); d.Report.DroppedUsers > 0 {
		items, weights := back.Interactions.Row(n)
		out["back"] = []any{back.Users.ID(int32(n)), items, weights, back.Report.Returns}
	}
	return out
}

func datasetFrame() testkit.Frame {
	return testkit.Frame{
		Kind:   codec.KindDataset,
		Fill:   func(t testing.TB) encoding.BinaryMarshaler { return filledDataset(t) },
		Values: func(t testing.TB, state any) any { return datasetValues(t, state.(*frameSet)) },
		Tol:    1e-6,
		Zero: []string{
			".opt.UnitWeights: not with LogWeights", ".opt.Ratings: not with LogWeights", ".Users.of: of items", ".Report: some counts",
			".Interactions.items: made when asked for", ".Interactions.beyond: made when asked for", ".Interactions.beyond.share: made when asked for", ".Interactions.beyond.margin: made when asked for", ".Catalogue.attrs[value].numbers: where there are bands", ".Catalogue.attrs[value].sets[].bits: few items", ".Catalogue.attrs[value].sets[].list: few items",
			".Catalogue.origin.of.users: of items", ".Interactions.log.origin: shared", ".rest.origin: of nobody", ".lost: before version 2", ".Items.of: shared", ".Catalogue.origin: shared",
		},
	}
}

// service gives an engine with all behind it the form of a state.
type service struct {
	e     *frameShop
	frame []byte // that it was read from
}

// MarshalBinary writes what was read again where all but the snapshot in it is the same: a
// snapshot may be of an older version, and has fuzz targets of its own.
func (s *service) MarshalBinary() ([]byte, error) {
	var buf bytes.Buffer
	_, err := s.e.WriteTo(&buf)
	if err == nil && s.frame != nil && slices.EqualFunc(stored(buf.Bytes()), stored(s.frame), bytes.Equal) {
		return s.frame, nil
	}
	return buf.Bytes(), err
}

func (s *service) UnmarshalBinary(data []byte) error {
	own, err := constant()
	if err != nil {
		return err
	}
	r := bytes.NewReader(data)
	e, err := recommend.ReadEngine[string, int32](r, recommend.EngineOptions{
		Sources: []recommend.Source{{Name: "own", Model: own, Meaning: "a constant"}},
		Live:    recommend.LiveOptions{Clock: func() time.Time { return time.Unix(3_000_100, 0) }},
	})
	switch {
	case err == io.EOF:
		return recommend.ErrCorrupt // a stream may be empty, a frame not
	case err != nil:
		return err
	case r.Len() > 0:
		return recommend.ErrCorrupt
	}
	s.e, s.frame = e, data
	return nil
}

// stored is a frame of an engine without the snapshot in it, which has golden frames, and
// versions, of its own.
func stored(frame []byte) (out [][]byte) {
	r, err := codec.Open(frame, codec.KindServing, 1)
	if err != nil {
		return nil
	}
	out = append(out, r.Bytes(), fmt.Append(nil, r.Int64()))
	for range r.Int() {
		out = append(out, []byte(r.String()))
		if r.Bool() {
			out = append(out, r.Bytes())
		}
	}
	return out
}

func filledService(t testing.TB) *frameShop {
	t.Helper()
	d := filledDataset(t)
	clock := func() time.Time { return time.Unix(3_000_100, 0) }
	e := must(recommend.NewEngine(d, recommend.EngineOptions{
		Watermark: time.Unix(2_000_700, 0),
		Live:      recommend.LiveOptions{Clock: clock},
		Sources: []recommend.Source{
			{Name: "knn", Model: must(recommend.FitItemKNN(context.Background(), d.Interactions, recommend.ItemKNNOptions{}))(t)},
			{Name: "own", Model: must(constant())(t)},
		},
	}))(t)
	if err := e.Observe(recommend.Observation[string, int32]{User: "a", Item: 7, At: time.Unix(3_000_000, 0)}); err != nil {
		t.Fatal(err)
	}
	return e
}

// constant is a model without a binary form.
func constant() (*recommend.Func, error) {
	return recommend.NewFunc(3, 2, func(dst []float32, _ recommend.Query) error {
		for i := range dst {
			dst[i] = float32(i)
		}
		return nil
	})
}

func serviceFrame() testkit.Frame {
	return testkit.Frame{
		Kind: codec.KindServing,
		Fill: func(t testing.TB) encoding.BinaryMarshaler { return &service{e: filledService(t)} },
		Values: func(t testing.TB, state any) any {
			e := state.(*service).e
			return map[string]any{
				"dataset": datasetValues(t, e.Dataset()), "events": e.Live().Events,
				"own": e.Meaning("own"), "knn": e.Meaning("knn"),
			}
		},
		Tol:    1e-5,
		Drifts: "holds the snapshot of an engine, whose version may rise",
		Zero:   []string{".frame: of what was read", ".e: a whole engine, whose parts have golden frames of their own"},
	}
}

func TestDatasetDamage(t *testing.T) { testkit.Damage(t, []testkit.Frame{datasetFrame()}) }

func FuzzDatasetUnmarshal(f *testing.F) { testkit.FuzzFrames(f, []testkit.Frame{datasetFrame()}) }

func TestServiceDamage(t *testing.T) { testkit.Damage(t, []testkit.Frame{serviceFrame()}) }

func FuzzReadEngine(f *testing.F) { testkit.FuzzFrames(f, []testkit.Frame{serviceFrame()}) }

// A dataset comes back as it was, by memory and by streams, and grows as it did.
func TestDatasetRoundTripProp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		opt := recommend.BuilderOptions{
			Duplicates:   rapid.SampledFrom([]recommend.Duplicates{recommend.Sum, recommend.Max, recommend.Last}).Draw(rt, "duplicates"),
			HalfLife:     time.Duration(rapid.SampledFrom([]int{0, 5}).Draw(rt, "half-life")) * time.Hour,
			MinItemUsers: rapid.IntRange(0, 2).Draw(rt, "core"),
		}
		timed := opt.HalfLife > 0 || rapid.Bool().Draw(rt, "timed")
		b, _ := recommend.NewBuilder[string, int32](opt)
		for range rapid.IntRange(1, 40).Draw(rt, "events") {
			user, item := fmt.Sprint("u", rapid.IntRange(0, 4).Draw(rt, "user")), int32(rapid.IntRange(-3, 4).Draw(rt, "item"))
			w := float32(rapid.IntRange(-1, 5).Draw(rt, "weight"))
			err := error(nil)
			if timed {
				err = b.AddSeq(user, item, w, time.Unix(0, rapid.Int64Range(0, 9).Draw(rt, "at")*int64(time.Hour)), rapid.Int64Range(0, 1).Draw(rt, "seq"))
			} else {
				err = b.Add(user, item, w)
			}
			if err != nil {
				rt.Fatal(err)
			}
		}
		d, err := b.Build()
		if errors.Is(err, recommend.ErrEmpty) {
			return
		}
		if err != nil {
			rt.Fatal(err)
		}
		data, err := d.MarshalBinary()
		if err != nil {
			rt.Fatal(err)
		}
		var buf bytes.Buffer
		if n, err := d.WriteTo(&buf); err != nil || int(n) != len(data) || !bytes.Equal(buf.Bytes(), data) {
			rt.Fatalf("WriteTo writes %d bytes, others than the %d of MarshalBinary: %v", n, len(data), err)
		}
		buf.WriteString("more")
		var back frameSet
		if n, err := back.ReadFrom(&buf); err != nil || int(n) != len(data) || buf.String() != "more" {
			rt.Fatalf("ReadFrom: %d, %v, %q left", n, err, buf.String())
		}
		again, err := back.MarshalBinary()
		if err != nil || !bytes.Equal(again, data) {
			rt.Fatalf("comes back as another: %v", err)
		}
		u, i := d.Interactions.Fingerprints()
		if v, j := back.Interactions.Fingerprints(); u != v || i != j {
			rt.Fatal("comes back with other fingerprints")
		}
		grow := func(d *frameSet) []byte {
			g, err := d.Grow()
			if err != nil {
				rt.Fatal(err)
			}
			at := time.Unix(0, 10*int64(time.Hour))
			for _, user := range []string{"u0", "z"} {
				err := g.AddAt(user, 40, 2, at)
				if !timed {
					err = g.Add(user, 40, 2)
				}
				if err != nil {
					rt.Fatal(err)
				}
			}
			out, err := g.Build()
			if err != nil {
				rt.Fatal(err)
			}
			data, _ := out.MarshalBinary()
			return data
		}
		if !bytes.Equal(grow(d), grow(&back)) {
			rt.Fatal("grows to another")
		}
	})
}

func TestDatasetFrameErrors(t *testing.T) {
	d := filledDataset(t)
	data := must(d.MarshalBinary())(t)
	if err := new(recommend.Dataset[int, int32]).UnmarshalBinary(data); !errors.Is(err, recommend.ErrMismatch) {
		t.Errorf("other ids: %v", err)
	}
	if _, err := new(frameSet).MarshalBinary(); !errors.Is(err, recommend.ErrEmpty) {
		t.Errorf("zero dataset: %v", err)
	}
	if _, err := new(frameSet).WriteTo(io.Discard); !errors.Is(err, recommend.ErrEmpty) {
		t.Errorf("zero dataset to a stream: %v", err)
	}
	if _, err := new(frameSet).ReadFrom(bytes.NewReader(nil)); err != io.EOF {
		t.Errorf("nothing to read: %v", err)
	}
	other := *d
	other.Interactions = must(recommend.InteractionsFromRows(2, [][]int32{{0}}))(t)
	if _, err := other.MarshalBinary(); !errors.Is(err, recommend.ErrShape) {
		t.Errorf("other interactions: %v", err)
	}
	failing := errors.New("disk full")
	if _, err := d.WriteTo(writerFunc(func([]byte) (int, error) { return 0, failing })); !errors.Is(err, failing) {
		t.Errorf("a full disk: %v", err)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A restart is reading, and observing what came after: answers are as if there had been
// none, over a dataset that grew from that of its models too.
func TestRestart(t *testing.T) {
	for _, grown := range []bool{false, true} {
		old := shop(t, oldItems...)
		opt := recommend.EngineOptions{Sources: []recommend.Source{
			{Name: "knn", Model: must(recommend.FitItemKNN(context.Background(), old.Interactions, recommend.ItemKNNOptions{}))(t)},
			{Name: "als", Model: must(recommend.FitALS(context.Background(), old.Interactions, recommend.ALSOptions{Factors: 3}))(t)},
		}, Live: recommend.LiveOptions{Clock: func() time.Time { return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) }}}
		d := old
		if grown {
			g := must(old.Grow())(t)
			if err := g.AddAt(1, "axe", 1, time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)); err != nil {
				t.Fatal(err)
			}
			d = must(g.Build())(t)
		}
		e := must(recommend.NewEngine(d, opt))(t)
		e.SetStock(maps.Keys(map[string]bool{"bread": true, "nail": true, "hammer": true, "axe": true, "jam": true}))
		event := func(e *recommend.Engine[int, string], user int, item string, hour int) {
			if err := e.Observe(recommend.Observation[int, string]{User: user, Item: item, At: time.Date(2026, 2, 2, hour, 0, 0, 0, time.UTC)}); err != nil {
				t.Fatal(err)
			}
		}
		event(e, 5, "nail", 1)
		event(e, 777, "butter", 2)
		e.Forget(8)
		var buf bytes.Buffer
		must(e.WriteTo(&buf))(t)
		back := must(recommend.ReadEngine[int, string](&buf, recommend.EngineOptions{Live: opt.Live}))(t)
		for _, e := range []*recommend.Engine[int, string]{e, back} {
			event(e, 5, "hammer", 3)
		}
		for _, user := range []int{1, 5, 8, 777, 999} {
			r := recommend.Request[int, string]{User: user, K: 6, Reasons: 1}
			want, got := must(e.Recommend(nil, r))(t), must(back.Recommend(nil, r))(t)
			if fmt.Sprint(want) != fmt.Sprint(got) {
				t.Errorf("grown %v, user %d: %v, want %v", grown, user, got, want)
			}
		}
	}
}

func TestReadEngineErrors(t *testing.T) {
	data := must((&service{e: filledService(t)}).MarshalBinary())(t)
	read := func(data []byte, opt recommend.EngineOptions) error {
		_, err := recommend.ReadEngine[string, int32](bytes.NewReader(data), opt)
		return err
	}
	if err := read(data, recommend.EngineOptions{}); !errors.Is(err, recommend.ErrOption) {
		t.Errorf("a source without model: %v", err)
	}
	if err := read(nil, recommend.EngineOptions{}); err != io.EOF {
		t.Errorf("nothing: %v", err)
	}
	if err := read(data[:len(data)-1], recommend.EngineOptions{}); !errors.Is(err, recommend.ErrCorrupt) {
		t.Errorf("cut: %v", err)
	}
	if _, err := recommend.ReadEngine[int, int32](bytes.NewReader(data), recommend.EngineOptions{}); !errors.Is(err, recommend.ErrMismatch) {
		t.Errorf("other ids: %v", err)
	}
	if _, err := new(frameShop).WriteTo(io.Discard); !errors.Is(err, recommend.ErrEmpty) {
		t.Errorf("zero engine: %v", err)
	}
}
