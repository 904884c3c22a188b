package testkit

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestClose(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		got, want, abs, rel float64
		ok                  bool
	}{
		{1, 1, 0, 0, true},
		{1, 1.1, .2, 0, true},
		{1, 1.1, .05, 0, false},
		{100, 101, 0, .01, true},
		{100, 102, 0, .01, false},
		{nan, nan, 0, 0, true},
		{nan, 1, 9, 9, false},
		{1, nan, 9, 9, false},
		{inf, inf, 0, 0, true},
		{inf, -inf, 1, 0, false},
		{1, inf, 1, 0, false},
	} {
		if got := Close(c.got, c.want, c.abs, c.rel); got != c.ok {
			t.Errorf("Close(%v, %v, %v, %v) = %v", c.got, c.want, c.abs, c.rel, got)
		}
	}
}

// fake records failure instead of failing.
type fake struct {
	testing.TB
	failed bool
}

func (f *fake) Helper()               {}
func (f *fake) Errorf(string, ...any) { f.failed = true }
func (f *fake) Fatal(...any)          { f.failed = true; runtime.Goexit() }
func (f *fake) Fatalf(string, ...any) { f.failed = true; runtime.Goexit() }

func fails(fn func(t testing.TB)) bool {
	f, done := &fake{}, make(chan struct{})
	go func() { defer close(done); fn(f) }()
	<-done
	return f.failed
}

func TestGolden(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, body string
		bad        bool
	}{
		{"good", `{"provenance":{"tool":"scipy","version":"1","command":"x"},"want":3}`, false},
		{"no provenance", `{"want":3}`, true},
		{"half provenance", `{"provenance":{"tool":"scipy","version":"1"},"want":3}`, true},
		{"not json", `want 3`, true},
		{"other shape", `{"provenance":{"tool":"scipy","version":"1","command":"x"},"want":"three"}`, true},
	} {
		if err := os.WriteFile(filepath.Join("testdata", "g.json"), []byte(c.body), 0o644); err != nil {
			t.Fatal(err)
		}
		var v struct{ Want int }
		if got := fails(func(t testing.TB) { Golden(t, "g.json", &v) }); got != c.bad {
			t.Errorf("%s: failed = %v", c.name, got)
		}
		if !c.bad && v.Want != 3 {
			t.Errorf("%s: read %d", c.name, v.Want)
		}
	}
	if !fails(func(t testing.TB) { Golden(t, "absent.json", new(int)) }) {
		t.Error("absent file accepted")
	}
}

func TestNear(t *testing.T) {
	if fails(func(t testing.TB) { Near(t, "x", 1, 1.05, .1) }) || !fails(func(t testing.TB) { Near(t, "x", 1, 1.2, .1) }) {
		t.Error("Near")
	}
}

func TestAtGOMAXPROCS(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	seen := []int{}
	AtGOMAXPROCS(t, func() []byte { seen = append(seen, runtime.GOMAXPROCS(0)); return []byte("same") })
	if len(seen) != 3 || seen[0] != 1 || seen[1] != 2 || seen[2] != 8 || runtime.GOMAXPROCS(0) != before {
		t.Errorf("ran at %v, left %d", seen, runtime.GOMAXPROCS(0))
	}
}

func TestUntil(t *testing.T) {
	checked, seeds := 0, map[string]bool{}
	check := func() { checked++; seeds[flag.Lookup("rapid.seed").Value.String()] = true }
	before := flag.Lookup("rapid.seed").Value.String()
	shown := func() bool { return checked >= 3 }
	if err := flag.Set("rapid.seed", "7"); err != nil {
		t.Fatal(err)
	}
	defer flag.Set("rapid.seed", before)
	if fails(func(t testing.TB) { until(t, 3, "enough", shown, check) }) || checked != 3 || len(seeds) != 3 || !seeds["7"] {
		t.Errorf("three rounds are enough: %d, of %d seeds", checked, len(seeds))
	}
	if checked = -9; !fails(func(t testing.TB) { until(t, 3, "enough", shown, check) }) || checked != -6 {
		t.Errorf("three rounds of twelve: %d", checked+9)
	}
	if after := flag.Lookup("rapid.seed").Value.String(); after != "7" {
		t.Errorf("the seed is %s afterwards", after)
	}
}
