package layout

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// unpromised are the packages whose table of bad input is still to come.
var unpromised = []string{
	"recommend", "recommend/modeltest",
}

// TestPromised asks every public package and family for its table of bad input, which is
// testkit.Promises and fails for a name without a case, and for a look at what goroutines
// its tests leave.
func TestPromised(t *testing.T) {
	_, units := loaded(t)
	for _, u := range units {
		raw, err := os.ReadFile(filepath.Join(root, u.dir, "promises_test.go"))
		has := err == nil && strings.Contains(string(raw), "testkit.Promises{") && strings.Contains(string(raw), "testkit.Main(m)")
		if pending := slices.Contains(unpromised, u.dir); has == pending {
			t.Errorf("%s: table of bad input: %v, and listed as one to come: %v", u.dir, has, pending)
		}
	}
}
