package codec

import (
	"encoding"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/aislekit/aisle/internal/check"
)

// KindOf returns the kind that the head of a frame names; 0, which no kind is, for fewer bytes
// than that.
func KindOf(frame []byte) Kind {
	if len(frame) < 6 {
		return 0
	}
	return binary.LittleEndian.Uint16(frame[4:])
}

// WriteState writes the frame of m to w and returns the number of bytes: what a package's
// WriteModel is. A nil w or m is ErrEmpty, a kind that is not known ErrMismatch, for nobody
// could read it back.
func WriteState(where string, w io.Writer, m encoding.BinaryMarshaler, known func(Kind) bool) (int64, error) {
	if w == nil || check.Missing(m) {
		return 0, fmt.Errorf("%s: w or m is nil: %w", where, check.ErrEmpty)
	}
	data, err := m.MarshalBinary()
	if err != nil {
		return 0, err
	}
	if kind := KindOf(data); !known(kind) {
		return 0, fmt.Errorf("%s: frame kind %#x is none that ReadModel knows: %w", where, kind, check.ErrMismatch)
	}
	n, err := w.Write(data)
	return int64(n), err
}

// ReadState reads one frame from r into what empty makes of its kind, and stops at its end: what
// a package's ReadModel is. empty answers nil for a kind it does not know, which is ErrMismatch.
// A nil r is ErrEmpty; io.EOF comes back as it is when r is at its end already.
func ReadState[M encoding.BinaryUnmarshaler](where string, r io.Reader, empty func(Kind) M) (M, error) {
	var none M
	if r == nil {
		return none, fmt.Errorf("%s: r is nil: %w", where, check.ErrEmpty)
	}
	data, err := ReadFrame(r)
	if err == io.EOF {
		return none, err
	}
	if err != nil {
		return none, fmt.Errorf("%s: %w", where, err)
	}
	return DecodeState(where, data, empty)
}

// DecodeState is ReadState of a frame in memory, for states that hold others.
func DecodeState[M encoding.BinaryUnmarshaler](where string, frame []byte, empty func(Kind) M) (M, error) {
	var none M
	m := empty(KindOf(frame))
	if any(m) == nil {
		return none, fmt.Errorf("%s: frame kind %#x is no model: %w", where, KindOf(frame), check.ErrMismatch)
	}
	if err := m.UnmarshalBinary(frame); err != nil {
		return none, err
	}
	return m, nil
}
