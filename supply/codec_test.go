package supply_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
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
		if got := must(s.MarshalBinary()); !bytes.Equal(got, want) {
			t.Errorf("%s: the file holds another state than the sample", k.name)
		}
		a, errA := k.res(s)
		b, errB := k.res(sample(t, i))
		if errA != nil || errB != nil || fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%s: results differ: %v, %v", k.name, errA, errB)
		}
	}
}
