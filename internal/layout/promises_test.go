package layout

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPromised asks every public package and family for its table of bad input, which is
// testkit.Promises and fails for a name without a case, and for a look at what goroutines
// its tests leave.
func TestPromised(t *testing.T) {
	_, units := loaded(t)
	for _, u := range units {
		raw, err := os.ReadFile(filepath.Join(root, u.dir, "promises_test.go"))
		if err != nil || !strings.Contains(string(raw), "testkit.Promises{") || !strings.Contains(string(raw), "testkit.Main(m)") {
			t.Errorf("%s: no table of bad input, or no look at goroutines: %v", u.dir, err)
		}
	}
}
