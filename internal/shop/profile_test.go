package shop

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"runtime"
	"testing"
)

// TestProfileLog pins the log of identifiers of one seed, and that it holds what it says: robots, households, recycled identifiers, people with three devices;
// more of them with more dirt. The shop itself is not touched by it.
func TestProfileLog(t *testing.T) {
	s, err := Simulate(Config{Users: 150, Items: 80, Days: 400, Seed: 11})
	if err != nil {
		t.Fatal(err)
	}
	before := digests(t, s)
	last := 0
	for _, dirt := range []float64{.5, 1, 2} {
		touches, truth := s.ProfileLog(dirt)
		users := map[string]map[int]bool{}
		for i, x := range touches {
			if users[x.Device] == nil {
				users[x.Device] = map[int]bool{}
			}
			users[x.Device][truth.Person[i]] = true
			if robot := truth.Person[i] < 0; robot != truth.Robots[x.Device] || robot && x.Login != "" || x.Device == "" || x.Cookie == "" || x.Dwell <= 0 {
				t.Fatalf("touch %d: %+v of %d", i, x, truth.Person[i])
			}
			if i > 0 && x.Time.Before(touches[i-1].Time) {
				t.Fatalf("touch %d is out of order", i)
			}
		}
		planted := len(truth.Shared) + len(truth.Recycled) + len(truth.Robots)
		if planted <= last || len(truth.Shared) == 0 || len(truth.Recycled) == 0 || len(truth.Many) < 30 {
			t.Errorf("dirt %v: %d shared, %d recycled, %d robots, %d with three devices", dirt, len(truth.Shared), len(truth.Recycled), len(truth.Robots), len(truth.Many))
		}
		last = planted
		for name := range truth.Shared {
			if len(users[name]) < 2 {
				t.Errorf("device %s is of %d", name, len(users[name]))
			}
		}
	}
	after := digests(t, s)
	for name, d := range before {
		if after[name] != d {
			t.Errorf("%s differs", name)
		}
	}
	swapped := 0
	weights := s.ProfileWeights(1)
	for _, w := range weights {
		if w.Swapped {
			swapped++
		}
	}
	if len(weights) != 3*len(s.Items) || swapped == 0 || swapped > len(weights)/10 {
		t.Errorf("%d of %d weights are swapped", swapped, len(weights))
	}
	touches, truth := s.ProfileLog(1)
	data, err := json.Marshal([]any{touches, truth, weights})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%.6x", sha256.Sum256(data)); runtime.GOARCH == "amd64" && got != "173751376b25" {
		t.Errorf("the log has the digest %s", got)
	}
}
