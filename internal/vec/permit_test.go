package vec

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// AISLE_KERNELS is read before any test runs, so each setting has its own process.
func TestPermit(t *testing.T) {
	if os.Getenv("AISLE_KERNELS_CHILD") != "" {
		t.Log("level=" + Level())
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	levels := allLevels() // from the least to the most that this machine has
	best := levels[len(levels)-1].name
	for _, c := range []struct {
		setting string
		most    int // index of the highest level that the setting allows
	}{{"", 2}, {"avx512", 2}, {"avx2", 1}, {"portable", 0}, {"AVX2", 0}, {"none", 0}} {
		cmd := exec.Command(self, "-test.run=^TestPermit$", "-test.v")
		cmd.Env = append(os.Environ(), "AISLE_KERNELS="+c.setting, "AISLE_KERNELS_CHILD=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%q: %v\n%s", c.setting, err, out)
		}
		want := best
		if c.most < len(levels) {
			want = levels[c.most].name
		}
		if !strings.Contains(string(out), "level="+want+"\n") {
			t.Errorf("AISLE_KERNELS=%q: want level=%s:\n%s", c.setting, want, out)
		}
	}
}
