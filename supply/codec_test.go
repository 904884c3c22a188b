package supply_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

// sample is a small fixed state of a kind; the files below hold its bytes.
func sample(t testing.TB, kind int) state {
	s := kinds[kind].fresh()
	for i := range 5 {
		ok(t, kinds[kind].feed(s, record{
			id: string(rune('a' + i%3)), category: []string{"tea", "jam"}[i%2],
			from: at(float64(7 * i)), to: at(float64(7*i + 3)), yes: i != 2, units: float64(i), n: int64(i + 1),
		}))
	}
	return s
}

// Files of version 1 stay readable and give back the state they were written
// from. A change of layout needs a new version and new files beside these.
func TestVersion1(t *testing.T) {
	for i, k := range kinds {
		path := filepath.Join("testdata", "codec", "v1", k.name+".bin")
		want := must(sample(t, i).MarshalBinary())
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s := k.fresh()
		if err := s.UnmarshalBinary(data); err != nil {
			t.Errorf("%s: %v", k.name, err)
			continue
		}
		if got := must(s.MarshalBinary()); !bytes.Equal(got, want) && k.name != "Assortment" && k.name != "Service" && k.name != "Inventory" { // version 1 kept its first listing only, and the units of a reason
			t.Errorf("%s: the file holds another state than the sample", k.name)
		}
		a, errA := k.res(s)
		b, errB := k.res(sample(t, i))
		if b, ok := b.(supply.ServiceResult); ok { // nor did version 1 know these
			if a, ok := a.(supply.ServiceResult); !ok || a.Tickets != b.Tickets || a.Resolution != b.Resolution || len(a.Reasons) != len(b.Reasons) || a.Reasons[0].Units != 9 {
				t.Errorf("%s: %+v", k.name, a)
			}
			continue
		}
		if errA != nil || errB != nil || fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%s: results differ: %v, %v", k.name, errA, errB)
		}
	}
}

// Every eight bytes of a golden payload replaced by what no encoder writes: the
// decoder refuses it or reads a state that has just these bytes.
func TestDecodeHostile(t *testing.T) {
	for _, k := range kinds {
		files, err := filepath.Glob(filepath.Join("testdata", "frames", k.name+".v*.bin"))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		golden, err := os.ReadFile(files[len(files)-1]) // the newest
		if err != nil {
			t.Fatal(err)
		}
		const header, footer, stride = 16, 4, 3 // fields do not stand at multiples of anything
		refused := 0
		for at := header; at+8 <= len(golden)-footer; at += stride {
			for _, x := range []uint64{0, 1, math.MaxUint64, 1 << 60, 1 << 63, math.Float64bits(math.NaN()), math.Float64bits(math.Inf(1)), math.Float64bits(-1)} {
				data := bytes.Clone(golden)
				binary.LittleEndian.PutUint64(data[at:], x)
				data = testkit.Refit(data)
				s := k.fresh()
				before := must(s.MarshalBinary())
				if err := s.UnmarshalBinary(data); err != nil {
					refused++
					if !errors.Is(err, supply.ErrCorrupt) && !errors.Is(err, supply.ErrMismatch) { // a zone of another name
						t.Fatalf("%s, byte %d set to %#x: %v", k.name, at, x, err)
					}
					if !bytes.Equal(must(s.MarshalBinary()), before) {
						t.Fatalf("%s, byte %d set to %#x: a failed decode changed the receiver", k.name, at, x)
					}
					continue
				}
				if !bytes.Equal(must(s.MarshalBinary()), data) {
					t.Fatalf("%s, byte %d set to %#x: accepted, and written again it differs", k.name, at, x)
				}
				_, _ = k.res(s) // must not panic
			}
		}
		if refused < len(golden)/stride {
			t.Errorf("%s: only %d of the changed frames were refused", k.name, refused)
		}
	}
}
