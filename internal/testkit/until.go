package testkit

import (
	"flag"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// Until is rapid.Check for a property of which the draws have to show something before they
// tell anything, such as that some user entered an audience. Where the draws did not show
// what, as many are drawn again, from another seed; when twenty times as many do not show it,
// the test fails. So a rare case need not come up in the first draws of every seed. The test
// must not be parallel to others.
func Until(t *testing.T, what string, shown func() bool, prop func(*rapid.T)) {
	t.Helper()
	until(t, 20, what, shown, func() { rapid.Check(t, prop) })
}

func until(t testing.TB, rounds int, what string, shown func() bool, check func()) {
	t.Helper()
	flagged := flag.Lookup("rapid.seed").Value
	was := flagged.String()
	defer func() { _ = flagged.Set(was) }()
	for range rounds {
		check()
		if shown() {
			return
		}
		if seed, _ := strconv.ParseUint(flagged.String(), 10, 64); seed != 0 { // 0: each check has one of its own
			_ = flagged.Set(strconv.FormatUint(seed*6364136223846793005|1, 10))
		}
	}
	t.Errorf("%d rounds of draws did not show %s", rounds, what)
}
