package main

import (
	"fmt"
	"io"
	"os"
)

// progress tells on standard error what is going on: one line that is rewritten
// on a terminal, a line for each step elsewhere.
type progress struct {
	w        io.Writer
	terminal bool
	open     bool
}

func newProgress(f *os.File) *progress {
	info, err := f.Stat()
	return &progress{w: f, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// step begins a new step.
func (p *progress) step(format string, args ...any) {
	if p == nil {
		return
	}
	p.end()
	fmt.Fprintf(p.w, format, args...)
	if p.open = p.terminal; !p.open {
		fmt.Fprintln(p.w)
	}
}

// update rewrites the line of the step, on a terminal only.
func (p *progress) update(format string, args ...any) {
	if p != nil && p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K"+format, args...)
		p.open = true
	}
}

func (p *progress) end() {
	if p != nil && p.open {
		fmt.Fprintln(p.w)
		p.open = false
	}
}
