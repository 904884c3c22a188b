package ids

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

type (
	sku   string
	store int16
	cell  struct {
		Shop   store
		Region string
		Open   bool
		At     [2]uint8
	}
)

// payload returns what put writes, without the frame around it.
func payload(put func(w *codec.Writer)) []byte {
	var w codec.Writer
	put(&w)
	frame := w.AppendFrame(nil, 1, 1)
	return frame[16 : len(frame)-4]
}

// reader returns a reader of a payload.
func reader(t testing.TB, payload []byte) *codec.Reader {
	t.Helper()
	var w codec.Writer
	for len(payload) >= 8 {
		w.Uint64(binary.LittleEndian.Uint64(payload))
		payload = payload[8:]
	}
	for _, b := range payload {
		w.Bool(b == 1)
	}
	r, err := codec.Open(w.AppendFrame(nil, 1, 1), 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func le(xs ...int64) (b []byte) {
	for _, x := range xs {
		b = binary.LittleEndian.AppendUint64(b, uint64(x))
	}
	return b
}

// What stands here was written by every version so far.
func TestBytes(t *testing.T) {
	for _, c := range []struct {
		name string
		put  func(w *codec.Writer)
		want []byte
	}{
		{"string", func(w *codec.Writer) { Put(w, "tea") }, append(le(3), "tea"...)},
		{"named string", func(w *codec.Writer) { Put(w, sku("tea")) }, append(le(3), "tea"...)},
		{"int", func(w *codec.Writer) { Put(w, -2) }, le(-2)},
		{"int64", func(w *codec.Writer) { Put(w, int64(math.MinInt64)) }, le(math.MinInt64)},
		{"named int16", func(w *codec.Writer) { Put(w, store(-2)) }, le(-2)},
		{"uint64", func(w *codec.Writer) { Put(w, uint64(math.MaxUint64)) }, le(-1)},
		{"uint8", func(w *codec.Writer) { Put(w, uint8(200)) }, le(200)},
		{"uintptr", func(w *codec.Writer) { Put(w, uintptr(7)) }, le(7)},
		{"bool", func(w *codec.Writer) { Put(w, true) }, []byte{1}},
		{"struct", func(w *codec.Writer) { Put(w, cell{-1, "n", true, [2]uint8{3, 4}}) }, slices.Concat(le(-1, 1), []byte("n\x01"), le(3, 4))},
		{"ascending", func(w *codec.Writer) { PutAscending(w, []store{-1, 4}) }, le(2, -1, 4)},
		{"sorted", func(w *codec.Writer) {
			perm, err := PutSorted(w, []store{4, 9, -1})
			if err != nil || !slices.Equal(perm, []int32{2, 0, 1}) {
				t.Error(perm, err)
			}
		}, le(3, -1, 4, 9)},
	} {
		if got := payload(c.put); !bytes.Equal(got, c.want) {
			t.Errorf("%s: %x, want %x", c.name, got, c.want)
		}
	}
	if ClassOf[sku]() != 0 || ClassOf[store]() != 1 || ClassOf[uint8]() != 2 || ClassOf[uintptr]() != 2 {
		t.Error("classes changed")
	}
	if String.Letter() != 's' || Signed.Letter() != 'i' || Unsigned.Letter() != 'u' {
		t.Error("letters changed")
	}
}

func TestHash(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want uint64
	}{
		{"string", Hash("tea"), 0xb37b2cfd38917b41},
		{"named string", Hash(sku("tea")), Hash("tea")},
		{"int", Hash(-2), math.MaxUint64 - 1},
		{"named int16", Hash(store(-2)), math.MaxUint64 - 1},
		{"uint8", Hash(uint8(200)), 200},
		{"seeded string", Seeded("tea", 5), 0xbc493fc9cb11d85f},
		{"seeded int", Seeded(-2, 5), 0xab32b560cf961e8a},
		{"seeded uint", Seeded(uint16(77), 5), 0xbaff4241fbd155d7},
	} {
		if c.got != c.want {
			t.Errorf("%s: %#x, want %#x", c.name, c.got, c.want)
		}
	}
	if Seeded("tea", 5) == Seeded("tea", 6) || Seeded(uint(7), 5) != Seeded(7, 5) {
		t.Error("seeds do not scatter, or the sign matters")
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		read func(r *codec.Reader)
		data []byte
		want string
	}{
		{"beyond int16", func(r *codec.Reader) { var id store; Get(r, &id) }, le(1 << 20), "beyond its type"},
		{"beyond uint8", func(r *codec.Reader) { var id uint8; Get(r, &id) }, le(-1), "beyond its type"},
		{"beyond, in an array", func(r *codec.Reader) { var id [2]uint8; Get(r, &id) }, le(1, 256), "beyond its type"},
		{"long string", func(r *codec.Reader) { var id sku; Get(r, &id) }, le(1 << 40), "promises more"},
		{"equal", func(r *codec.Reader) { GetAscending[int](r) }, le(2, 4, 4), "out of order"},
		{"falling", func(r *codec.Reader) { GetAscending[uint64](r) }, le(2, -1, 4), "out of order"},
		{"too many", func(r *codec.Reader) { GetAscending[int](r) }, le(1<<40, 4, 5), "ends early"},
		{"negative", func(r *codec.Reader) { GetAscending[int](r) }, le(-1), "negative"},
		{"sorted, falling", func(r *codec.Reader) { _, _ = GetSorted[cell](r) }, le(2, 5, 0), ""},
	} {
		r := reader(t, c.data)
		if c.read(r); !errors.Is(r.Err(), check.ErrCorrupt) || !strings.Contains(r.Err().Error(), c.want) {
			t.Errorf("%s: %v", c.name, r.Err())
		}
	}
	type private struct {
		x int //lint:ignore U1000 its being there is the test
	}
	for name, err := range map[string]error{
		"float": Writable[float64](), "pointer": Writable[*int](), "interface": Writable[any](), "uintptr": Writable[uintptr](),
		"private field": Writable[private](), "private below": Writable[[2]private](), "no content": Writable[struct{}](),
		"float in a struct": Writable[struct{ X float32 }](),
	} {
		if !errors.Is(err, check.ErrOption) {
			t.Errorf("%s: %v, want no binary form", name, err)
		}
	}
	for name, err := range map[string]error{
		"string": Writable[sku](), "bool": Writable[bool](), "struct": Writable[cell](), "array": Writable[[3]int8](),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	var w codec.Writer
	if _, err := PutSorted(&w, []float64{1}); !errors.Is(err, check.ErrOption) {
		t.Errorf("PutSorted of floats: %v", err)
	}
	if _, err := GetSorted[float64](reader(t, nil)); !errors.Is(err, check.ErrOption) {
		t.Errorf("GetSorted of floats: %v", err)
	}
	if _, err := Order[float64](); !errors.Is(err, check.ErrOption) {
		t.Errorf("Order of floats: %v", err)
	}
	if _, err := Permutation([]*int{nil}, nil); !errors.Is(err, check.ErrOption) {
		t.Errorf("Permutation of pointers: %v", err)
	}
}

// Whatever the type and the order of arrival: sorted, written and read again, the
// ids are those that came, and the bytes tell nothing of the order.
func TestSortedProp(t *testing.T) {
	cells := rapid.Custom(func(t *rapid.T) cell {
		return cell{
			store(rapid.IntRange(-2, 2).Draw(t, "shop")), rapid.SampledFrom([]string{"", "n", "s"}).Draw(t, "region"),
			rapid.Bool().Draw(t, "open"),
			[2]uint8{uint8(rapid.IntRange(0, 1).Draw(t, "a")), 7},
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		law(t, rapid.String(), cmp.Compare[string])
		law(t, rapid.Map(rapid.String(), func(s string) sku { return sku(s) }), cmp.Compare[sku])
		law(t, rapid.Int(), cmp.Compare[int])
		law(t, rapid.Map(rapid.Int16(), func(x int16) store { return store(x) }), cmp.Compare[store])
		law(t, rapid.Uint64(), cmp.Compare[uint64])
		law(t, rapid.Uint8(), cmp.Compare[uint8])
		law(t, cells, func(a, b cell) int {
			return cmp.Or(cmp.Compare(a.Shop, b.Shop), cmp.Compare(a.Region, b.Region), truth(a.Open)-truth(b.Open), int(a.At[0])-int(b.At[0]))
		})
	})
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

func law[K comparable](t *rapid.T, gen *rapid.Generator[K], compare func(a, b K) int) {
	keys := rapid.SliceOfNDistinct(gen, 0, 12, rapid.ID).Draw(t, "keys")
	frame := func(keys []K) []byte {
		var w codec.Writer
		perm, err := PutSorted(&w, keys)
		if err != nil || len(perm) != len(keys) {
			t.Fatal(perm, err)
		}
		return w.AppendFrame(nil, 1, 1)
	}
	data := frame(keys)
	if other := frame(rapid.Permutation(keys).Draw(t, "order")); !bytes.Equal(data, other) {
		t.Fatalf("bytes depend on the order of %v", keys)
	}
	r, err := codec.Open(data, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	d, err := GetSorted[K](r)
	if err != nil || r.Done() != nil {
		t.Fatal(err, r.Done())
	}
	want := slices.Clone(keys)
	slices.SortFunc(want, compare)
	if !slices.Equal(d.Keys(), want) {
		t.Fatalf("read %v, want %v", d.Keys(), want)
	}
}
