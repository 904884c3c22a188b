package dataio

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrMalformed is what every LineError wraps.
var ErrMalformed = errors.New("malformed line")

// LineError is a line that does not fit its layout.
type LineError struct {
	Path   string
	Line   int // from 1
	Reason string
}

func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Reason) }

// Unwrap returns ErrMalformed.
func (e *LineError) Unwrap() error { return ErrMalformed }

// Report says what became of the lines of a file.
type Report struct {
	Path     string
	Format   Format
	Lines    int // blank ones and the header included
	Header   bool
	Rejected int
	First    []*LineError // the first rejects, at most maxShown
}

const (
	maxShown  = 5
	maxLine   = 256 << 20
	sampleLen = 64 << 10
)

// file is an open, decompressed file.
type file struct {
	*bufio.Reader
	path string
	raw  *os.File
}

// open returns a file ready to be read line by line, decompressed where its first bytes
// say gzip and without a byte order mark.
func open(path string) (*file, error) {
	raw, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := bufio.NewReaderSize(raw, 1<<20)
	head, _ := r.Peek(2)
	if len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		z, err := gzip.NewReader(r)
		if err != nil {
			raw.Close()
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		r = bufio.NewReaderSize(z, 1<<20)
	}
	if bom, _ := r.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		_, _ = r.Discard(3)
	}
	return &file{r, path, raw}, nil
}

func (f *file) close() { f.raw.Close() }

// sample returns whole lines from the start without consuming them.
func (f *file) sample() [][]byte {
	s, err := f.Peek(sampleLen)
	if err == nil { // cut off the last, maybe partial, line
		if i := bytes.LastIndexByte(s, '\n'); i >= 0 {
			s = s[:i]
		}
	}
	var out [][]byte
	for _, line := range bytes.Split(s, []byte{'\n'}) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			out = append(out, line)
		}
	}
	return out
}

// each calls fn for every line that is not blank, without its line end. An
// error of fn makes the line a reject. The line is valid during the call only.
func (f *file) each(strict bool, report *Report, fn func(number int, line []byte) error) error {
	report.Path = f.path
	var long []byte
	for {
		line, err := f.ReadSlice('\n')
		for errors.Is(err, bufio.ErrBufferFull) {
			long = append(long[:0], line...)
			for errors.Is(err, bufio.ErrBufferFull) {
				line, err = f.ReadSlice('\n')
				if len(long)+len(line) > maxLine {
					return fmt.Errorf("%s:%d: line is longer than %d bytes: %w", f.path, report.Lines+1, maxLine, ErrMalformed)
				}
				long = append(long, line...)
			}
			line = long
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("%s: after line %d: %w", f.path, report.Lines, err)
		}
		if len(line) > 0 {
			report.Lines++
			if line = bytes.TrimRight(line, "\r\n"); len(bytes.TrimSpace(line)) > 0 {
				if bad := fn(report.Lines, line); bad != nil {
					e := &LineError{f.path, report.Lines, bad.Error()}
					if strict {
						return e
					}
					report.Rejected++
					if len(report.First) < maxShown {
						report.First = append(report.First, e)
					}
				}
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// clip shortens a token for a message.
func clip(b []byte) string {
	if len(b) > 40 {
		return fmt.Sprintf("%q…", b[:40])
	}
	return fmt.Sprintf("%q", b)
}
