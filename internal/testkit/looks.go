package testkit

import (
	"context"
	"runtime"
	"strings"
	"sync"
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
}

// NewLooks returns a context that ends at look number end, from 1; 0 means never. With
// trace it keeps who looked.
func NewLooks(end int, trace bool) *Looks {
	return &Looks{Context: context.Background(), end: end, trace: trace, from: map[string]int{}}
}

// Err counts a look.
func (l *Looks) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	if l.trace {
		l.see()
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
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if name := f.Function[strings.LastIndexByte(f.Function, '/')+1:]; !seen[name] {
			seen[name] = true
			l.from[name]++
		}
	}
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
