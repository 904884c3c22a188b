package supply_test

import (
	"encoding/binary"
	"hash/crc32"
)

// reseal gives fuzzed bytes a true length and checksum, so that they reach the
// decoder behind the frame.
func reseal(data []byte) []byte {
	const head, foot = 16, 4
	if len(data) < head+foot {
		return data
	}
	out := append([]byte(nil), data...)
	binary.LittleEndian.PutUint64(out[8:], uint64(len(out)-head-foot))
	end := len(out) - foot
	binary.LittleEndian.PutUint32(out[end:], crc32.Checksum(out[:end], crc32.MakeTable(crc32.Castagnoli)))
	return out
}
