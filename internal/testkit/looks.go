package testkit

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Looks is a context that counts how often, and from where, it is asked whether it has
// ended. It ends at one of the looks, or never.
type Looks struct {
	context.Context
	mu    sync.Mutex
	end   int // at this look, from 1; 0: never
	n     int
	trace bool
	from  map[string]int

	clock   func() time.Duration
	last    time.Duration
	place   string // of the last look
	longest time.Duration
	where   string
}

// NewLooks returns a context that ends at look number end, from 1; 0 means never. With
// trace it keeps who looked.
func NewLooks(end int, trace bool) *Looks {
	start := time.Now()
	return TimedLooks(end, trace, func() time.Duration { return time.Since(start) })
}

// TimedLooks is NewLooks with a clock of the caller's for Longest, such as one of
// processor time.
func TimedLooks(end int, trace bool, clock func() time.Duration) *Looks {
	return &Looks{Context: context.Background(), end: end, trace: trace, from: map[string]int{}, clock: clock, last: clock(), place: "the start"}
}

// Start begins Longest anew, for calls that make their data first; ctx is a Looks, else
// it does nothing.
func Start(ctx context.Context) {
	if l, ok := ctx.(*Looks); ok {
		l.mu.Lock()
		l.last, l.place, l.longest = l.clock(), "the start", 0
		l.mu.Unlock()
	}
}

// Err counts a look.
func (l *Looks) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	if l.trace {
		now, before := l.clock(), l.place
		l.see()
		if gap := now - l.last; gap > l.longest {
			l.longest, l.where = gap, before+" … "+l.place
		}
		l.last = l.clock()
	}
	if l.end > 0 && l.n >= l.end {
		return context.Canceled
	}
	return nil
}

// see counts the functions of the module on the stack, by the name behind the last
// slash: recommend.FitALS, sparse.(*Pairs).Top.
func (l *Looks) see() {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	seen := map[string]bool{}
	l.place = ""
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		name := f.Function[strings.LastIndexByte(f.Function, '/')+1:]
		if l.place == "" && !strings.HasPrefix(name, "parallel.") && !strings.HasPrefix(name, "context.") {
			l.place = fmt.Sprintf("%s:%d", name, f.Line)
		}
		if !seen[name] {
			seen[name] = true
			l.from[name]++
		}
	}
}

// Longest returns the longest time between two looks, of a trace, with the places of
// both; call it when the work is done, whose end counts as a look.
func (l *Looks) Longest() (time.Duration, string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if gap := l.clock() - l.last; gap > l.longest {
		l.longest, l.where = gap, l.place+" … the end"
	}
	return l.longest, l.where
}

// Count returns the number of looks so far.
func (l *Looks) Count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n
}

// From returns the number of looks with a function on the stack whose name contains
// part.
func (l *Looks) From(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := 0
	for name, n := range l.from {
		if strings.Contains(name, part) {
			sum = max(sum, n)
		}
	}
	return sum
}
