package attribution

import "testing"

// The zero value says that it needs a constructor and does not panic.
func TestZeroValue(t *testing.T) {
	var a, other Paths
	for name, err := range map[string]error{
		"add":      a.AddPath([]string{"x"}, 1, 0, 0),
		"merge":    a.Merge(&other),
		"credit":   second(a.Credit(First)),
		"channels": second(a.Channels()),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
