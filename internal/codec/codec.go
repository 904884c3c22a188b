package codec

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

const (
	magic  = "AISL"
	header = 16
	footer = 4
)

var table = crc32.MakeTable(crc32.Castagnoli)

// Writer appends a payload. The zero value is ready for use.
type Writer struct {
	buf     []byte // nil, or room for the header and the payload so far
	stamped bool
	stream  *stream // nil: all stays in buf
}

// more returns room for n more bytes of payload, and leaves some for the footer: a
// large slice is written to its final place.
func (w *Writer) more(n int) []byte {
	if w.stream != nil {
		return w.stream.more(n)
	}
	if w.buf == nil {
		w.buf = make([]byte, header, header+n+256)
	}
	at := len(w.buf)
	w.buf = slices.Grow(w.buf, n+footer)[:at+n]
	return w.buf[at:]
}

// Reserve makes room for n more bytes of payload, for states that know their size: a
// large one is then never moved.
func (w *Writer) Reserve(n int) {
	if w.stream == nil {
		at := len(w.buf)
		w.more(n)
		w.buf = w.buf[:max(at, header)]
	}
}

// chunk is how many elements of a slice are written at a time.
const chunk = 1 << 13

// Uint64 appends x in 8 bytes.
func (w *Writer) Uint64(x uint64) { binary.LittleEndian.PutUint64(w.more(8), x) }

// Int appends x in 8 bytes.
func (w *Writer) Int(x int) { w.Uint64(uint64(int64(x))) }

// Int64 appends x in 8 bytes.
func (w *Writer) Int64(x int64) { w.Uint64(uint64(x)) }

// Float64 appends the IEEE bits of x.
func (w *Writer) Float64(x float64) { w.Uint64(math.Float64bits(x)) }

// Float32 appends the IEEE bits of x.
func (w *Writer) Float32(x float32) { binary.LittleEndian.PutUint32(w.more(4), math.Float32bits(x)) }

// Bool appends one byte.
func (w *Writer) Bool(x bool) {
	b := w.more(1)
	b[0] = 0
	if x {
		b[0] = 1
	}
}

// String appends the length and the bytes of s.
func (w *Writer) String(s string) {
	w.Int(len(s))
	if w.stream != nil {
		for len(s) > chunk {
			copy(w.more(chunk), s)
			s = s[chunk:]
		}
	}
	copy(w.more(len(s)), s)
}

// Bytes appends the length and the bytes of p.
func (w *Writer) Bytes(p []byte) {
	w.Int(len(p))
	for w.Reserve(len(p)); len(p) > 0; {
		n := copy(w.more(min(len(p), chunk)), p)
		p = p[n:]
	}
}

// Float32s appends the length and the values.
func (w *Writer) Float32s(xs []float32) {
	w.Int(len(xs))
	for w.Reserve(4 * len(xs)); len(xs) > 0; xs = xs[min(len(xs), chunk):] {
		part := xs[:min(len(xs), chunk)]
		b := w.more(4 * len(part))
		for k, x := range part {
			binary.LittleEndian.PutUint32(b[4*k:], math.Float32bits(x))
		}
	}
}

// Float64s appends the length and the values.
func (w *Writer) Float64s(xs []float64) {
	w.Int(len(xs))
	for w.Reserve(8 * len(xs)); len(xs) > 0; xs = xs[min(len(xs), chunk):] {
		part := xs[:min(len(xs), chunk)]
		b := w.more(8 * len(part))
		for k, x := range part {
			binary.LittleEndian.PutUint64(b[8*k:], math.Float64bits(x))
		}
	}
}

// Int32s appends the length and the values, 4 bytes each.
func (w *Writer) Int32s(xs []int32) {
	w.Int(len(xs))
	for w.Reserve(4 * len(xs)); len(xs) > 0; xs = xs[min(len(xs), chunk):] {
		part := xs[:min(len(xs), chunk)]
		b := w.more(4 * len(part))
		for k, x := range part {
			binary.LittleEndian.PutUint32(b[4*k:], uint32(x))
		}
	}
}

// Int64s appends the length and the values, 8 bytes each.
func (w *Writer) Int64s(xs []int64) {
	w.Int(len(xs))
	for w.Reserve(8 * len(xs)); len(xs) > 0; xs = xs[min(len(xs), chunk):] {
		part := xs[:min(len(xs), chunk)]
		b := w.more(8 * len(part))
		for k, x := range part {
			binary.LittleEndian.PutUint64(b[8*k:], uint64(x))
		}
	}
}

// Uint64s appends the length and the values, 8 bytes each.
func (w *Writer) Uint64s(xs []uint64) {
	w.Int(len(xs))
	for w.Reserve(8 * len(xs)); len(xs) > 0; xs = xs[min(len(xs), chunk):] {
		part := xs[:min(len(xs), chunk)]
		b := w.more(8 * len(part))
		for k, x := range part {
			binary.LittleEndian.PutUint64(b[8*k:], x)
		}
	}
}

// Strings appends the length and the strings.
func (w *Writer) Strings(xs []string) {
	w.Int(len(xs))
	for _, x := range xs {
		w.String(x)
	}
}

// stamped is set in the version of a frame that has a stamp.
const stamped = 0x8000

// Stamp appends, as the last of the payload, over which ids the state is: fingerprints
// of users and items, not both 0, and a mark of each item. It goes beside the payload of
// any version of any kind: a bit of the version in the header tells that it is there.
func (w *Writer) Stamp(users, items uint64, marks []uint32) {
	w.Uint64(users)
	w.Uint64(items)
	w.Int(len(marks))
	b := w.more(4 * len(marks))
	for k, x := range marks {
		binary.LittleEndian.PutUint32(b[4*k:], x)
	}
	w.stamped = true
}

// AppendFrame appends the frame of kind and version around w's payload to dst, and
// empties w. Into a dst without capacity nothing is copied.
func (w *Writer) AppendFrame(dst []byte, kind, version uint16) []byte {
	w.more(0)
	frame := w.buf
	if w.stamped {
		version |= stamped
	}
	w.buf, w.stamped = nil, false
	copy(frame, magic)
	binary.LittleEndian.PutUint16(frame[4:], kind)
	binary.LittleEndian.PutUint16(frame[6:], version)
	binary.LittleEndian.PutUint64(frame[8:], uint64(len(frame)-header))
	sum := crc32.Checksum(frame, table)
	if cap(dst) == 0 {
		dst = frame
	} else {
		dst = append(slices.Grow(dst, len(frame)+footer), frame...)
	}
	return binary.LittleEndian.AppendUint32(dst, sum)
}

// Reader reads a payload. The first error sticks: every later read returns a
// zero value, and Err or Done reports it. Slices of length 0 come back as nil.
type Reader struct {
	buf     []byte
	err     error
	Version uint16 // version of the frame
	stamp   bool   // one comes behind the payload, and was not read
}

// Open checks the single frame in data and returns a reader of its payload.
// maxVersion is the newest version this program understands. The reader aliases
// data; every slice it returns is a copy.
func Open(data []byte, kind, maxVersion uint16) (*Reader, error) {
	if len(data) < header+footer {
		return nil, fmt.Errorf("frame of %d bytes is shorter than its header: %w", len(data), check.ErrCorrupt)
	}
	if string(data[:4]) != magic {
		return nil, fmt.Errorf("no frame magic: %w", check.ErrCorrupt)
	}
	if n := binary.LittleEndian.Uint64(data[8:]); n != uint64(len(data)-header-footer) {
		return nil, fmt.Errorf("frame says %d payload bytes, has %d: %w", n, len(data)-header-footer, check.ErrCorrupt)
	}
	end := len(data) - footer
	if crc32.Checksum(data[:end], table) != binary.LittleEndian.Uint32(data[end:]) {
		return nil, fmt.Errorf("frame checksum differs: %w", check.ErrCorrupt)
	}
	if k := binary.LittleEndian.Uint16(data[4:]); k != kind {
		return nil, fmt.Errorf("frame holds kind %d, want %d: %w", k, kind, check.ErrMismatch)
	}
	v := binary.LittleEndian.Uint16(data[6:])
	stamp := v&stamped != 0
	v &^= stamped
	if v == 0 || v > maxVersion {
		return nil, fmt.Errorf("frame version %d, know 1 to %d: %w", v, maxVersion, check.ErrVersion)
	}
	return &Reader{buf: data[header:end], Version: v, stamp: stamp}, nil
}

// ReadFrame reads exactly one frame from src and returns its bytes, ready for
// Open, without reading past its end. Memory grows with bytes received. A clean
// end of src before the first byte is io.EOF; an end within the frame is
// check.ErrCorrupt and io.ErrUnexpectedEOF, never io.EOF, so a loop that reads
// frames until io.EOF cannot take a cut file for a whole one. Other errors of
// src are returned as they are.
func ReadFrame(src io.Reader) ([]byte, error) {
	head := make([]byte, header)
	if _, err := io.ReadFull(src, head); err != nil {
		if err == io.EOF {
			return nil, err
		}
		return nil, cut("frame header", err)
	}
	if string(head[:4]) != magic {
		return nil, fmt.Errorf("no frame magic: %w", check.ErrCorrupt)
	}
	n := binary.LittleEndian.Uint64(head[8:])
	if n > math.MaxInt-header-footer {
		return nil, fmt.Errorf("frame says %d payload bytes: %w", n, check.ErrCorrupt)
	}
	out := head
	for want := int(n) + footer; want > 0; {
		step := min(want, 1<<20)
		at := len(out)
		out = append(out, make([]byte, step)...)
		if _, err := io.ReadFull(src, out[at:]); err != nil {
			return nil, cut("frame", err)
		}
		want -= step
	}
	return out, nil
}

// cut reports a read that failed within a frame.
func cut(where string, err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%s ends early: %w: %w", where, check.ErrCorrupt, io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("%s: %w", where, err)
}

func (r *Reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("payload %s: %w", what, check.ErrCorrupt)
	}
	r.buf = nil
}

// Fail records that the payload breaks a rule of its type.
func (r *Reader) Fail(what string) { r.fail(what) }

// Err returns the first error.
func (r *Reader) Err() error { return r.err }

// Done returns the first error, or one for payload bytes left over.
func (r *Reader) Done() error {
	if r.err == nil && r.stamp {
		r.fail("has a stamp, which its kind has not")
	}
	if r.err == nil && len(r.buf) != 0 {
		r.fail(fmt.Sprintf("has %d bytes left over", len(r.buf)))
	}
	return r.err
}

// Stamp reads what Writer.Stamp wrote, after all else; ok is false where there is none.
func (r *Reader) Stamp() (users, items uint64, marks []uint32, ok bool) {
	if !r.stamp {
		return 0, 0, nil, false
	}
	r.stamp = false
	users, items = r.Uint64(), r.Uint64()
	n := r.count(4)
	p := r.take(4 * n)
	if r.err != nil {
		return 0, 0, nil, false
	}
	if users == 0 && items == 0 {
		r.fail("has an empty stamp")
		return 0, 0, nil, false
	}
	marks = make([]uint32, n)
	for k := range marks {
		marks[k] = binary.LittleEndian.Uint32(p[4*k:])
	}
	return users, items, marks, true
}

// Left returns how many bytes of payload were not read yet.
func (r *Reader) Left() int { return len(r.buf) }

func (r *Reader) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.buf) {
		r.fail("ends early")
		return nil
	}
	p := r.buf[:n]
	r.buf = r.buf[n:]
	return p
}

// Uint64 reads 8 bytes.
func (r *Reader) Uint64() uint64 {
	if p := r.take(8); p != nil {
		return binary.LittleEndian.Uint64(p)
	}
	return 0
}

// Int64 reads 8 bytes.
func (r *Reader) Int64() int64 { return int64(r.Uint64()) }

// Int reads 8 bytes that must fit an int and not be negative: every int in a
// payload is a count, a size or an index.
func (r *Reader) Int() int {
	x := r.Int64()
	if x < 0 || x > math.MaxInt {
		r.fail("has a negative or oversized count")
		return 0
	}
	return int(x)
}

// Float64 reads IEEE bits.
func (r *Reader) Float64() float64 { return math.Float64frombits(r.Uint64()) }

// Float32 reads IEEE bits.
func (r *Reader) Float32() float32 {
	if p := r.take(4); p != nil {
		return math.Float32frombits(binary.LittleEndian.Uint32(p))
	}
	return 0
}

// Bool reads one byte, 0 or 1.
func (r *Reader) Bool() bool {
	p := r.take(1)
	if p == nil {
		return false
	}
	if p[0] > 1 {
		r.fail("has a flag that is neither 0 nor 1")
	}
	return p[0] == 1
}

// count reads a length whose elements need at least size bytes each, so that a
// promised length never allocates more than was received.
func (r *Reader) count(size int) int {
	n := r.Int()
	if r.err != nil || n > len(r.buf)/size {
		r.fail("promises more elements than it holds")
		return 0
	}
	return n
}

// String reads a string.
func (r *Reader) String() string { return string(r.take(r.count(1))) }

// Bytes reads a copy of a byte slice.
func (r *Reader) Bytes() []byte { return append([]byte(nil), r.take(r.count(1))...) }

// Float32s reads a slice.
func (r *Reader) Float32s() []float32 {
	n := r.count(4)
	p := r.take(4 * n)
	if n == 0 {
		return nil
	}
	xs := make([]float32, n)
	for i := range xs {
		xs[i] = math.Float32frombits(binary.LittleEndian.Uint32(p[4*i:]))
	}
	return xs
}

// Float64s reads a slice.
func (r *Reader) Float64s() []float64 {
	n := r.count(8)
	p := r.take(8 * n)
	if n == 0 {
		return nil
	}
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = math.Float64frombits(binary.LittleEndian.Uint64(p[8*i:]))
	}
	return xs
}

// Int32s reads a slice.
func (r *Reader) Int32s() []int32 {
	n := r.count(4)
	p := r.take(4 * n)
	if n == 0 {
		return nil
	}
	xs := make([]int32, n)
	for i := range xs {
		xs[i] = int32(binary.LittleEndian.Uint32(p[4*i:]))
	}
	return xs
}

// Int64s reads a slice.
func (r *Reader) Int64s() []int64 {
	n := r.count(8)
	p := r.take(8 * n)
	if n == 0 {
		return nil
	}
	xs := make([]int64, n)
	for i := range xs {
		xs[i] = int64(binary.LittleEndian.Uint64(p[8*i:]))
	}
	return xs
}

// Uint64s reads a slice.
func (r *Reader) Uint64s() []uint64 {
	n := r.count(8)
	p := r.take(8 * n)
	if n == 0 {
		return nil
	}
	xs := make([]uint64, n)
	for i := range xs {
		xs[i] = binary.LittleEndian.Uint64(p[8*i:])
	}
	return xs
}

// Strings reads a slice.
func (r *Reader) Strings() []string {
	n := r.count(8)
	if n == 0 {
		return nil
	}
	xs := make([]string, n)
	for i := range xs {
		xs[i] = r.String()
	}
	if r.err != nil {
		return nil
	}
	return xs
}
