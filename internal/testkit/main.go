package testkit

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Main is the TestMain of a package: it runs the tests and fails where a goroutine that
// one of them started is still there at the end. Where the race detector is on, property tests
// draw a quarter of their cases, unless -rapid.checks says how many: see Seeds.
//
//	func TestMain(m *testing.M) { testkit.Main(m) }
func Main(m *testing.M) {
	if Race && flag.Lookup("rapid.checks") != nil {
		_ = flag.Set("rapid.checks", "25") // the command line is read later
	}
	before := goroutines()
	code := m.Run()
	if left := leaked(before, 5*time.Second); code == 0 && len(left) > 0 {
		fmt.Printf("%d goroutines are left at the end of the tests:\n\n%s\n", len(left), strings.Join(left, "\n\n"))
		code = 1
	}
	os.Exit(code)
}

// leaked returns the goroutines that are not among before, once they have had the time to
// end that a scheduler may take.
func leaked(before map[string]string, patience time.Duration) []string {
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		var left []string
		for id, stack := range goroutines() {
			// What package testing itself leaves: the signals of a fuzz run.
			if _, old := before[id]; !old && !strings.Contains(stack, "os/signal") {
				left = append(left, stack)
			}
		}
		if len(left) == 0 || time.Now().After(end) {
			return left
		}
	}
}

// goroutines returns the stacks by goroutine.
func goroutines() map[string]string {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	out := map[string]string{}
	for _, stack := range strings.Split(string(buf), "\n\n") {
		id, _, _ := strings.Cut(stack, " [")
		out[id] = stack
	}
	return out
}
