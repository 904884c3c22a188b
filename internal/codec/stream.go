package codec

import (
	"encoding/binary"
	"hash/crc32"
	"io"
)

// stream hands the payload of a Writer on a block at a time. Without an out it only
// counts.
type stream struct {
	out   io.Writer
	block []byte // what is not written yet
	sum   uint32
	n     int64 // bytes written, and those in block
	err   error
}

// more returns room for n bytes, which are at most 8·chunk.
func (s *stream) more(n int) []byte {
	if len(s.block)+n > cap(s.block) {
		s.flush()
		if n > cap(s.block) {
			s.block = make([]byte, 0, n)
		}
	}
	s.n += int64(n)
	at := len(s.block)
	s.block = s.block[:at+n]
	return s.block[at:]
}

// flush writes the block; after an error nothing more.
func (s *stream) flush() {
	if s.out != nil && s.err == nil {
		s.sum = crc32.Update(s.sum, table, s.block)
		_, s.err = s.out.Write(s.block)
	}
	s.block = s.block[:0]
}

// Stream writes the frame of kind and version to out without holding it in memory. put
// writes the payload, the same each time: it is called twice, first to learn the length,
// which stands before it. It returns the bytes written when all were.
func Stream(out io.Writer, kind, version uint16, put func(w *Writer)) (int64, error) {
	length := &stream{block: make([]byte, 0, 8*chunk)}
	count := Writer{stream: length}
	put(&count)
	if count.stamped {
		version |= stamped
	}
	s := &stream{out: out, block: length.block[:0]}
	head := s.more(header)
	copy(head, magic)
	binary.LittleEndian.PutUint16(head[4:], kind)
	binary.LittleEndian.PutUint16(head[6:], version)
	binary.LittleEndian.PutUint64(head[8:], uint64(length.n))
	put(&Writer{stream: s})
	s.flush()
	binary.LittleEndian.PutUint32(s.more(footer), s.sum)
	s.flush()
	if s.err != nil {
		return 0, s.err
	}
	return s.n, nil
}
