package recommend

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// refit returns data with its frame length and checksum made right.
func refit(data []byte) []byte {
	if len(data) < 20 {
		return data
	}
	out := slices.Clone(data)
	binary.LittleEndian.PutUint64(out[8:], uint64(len(out)-20))
	sum := crc32.Checksum(out[:len(out)-4], crc32.MakeTable(crc32.Castagnoli))
	binary.LittleEndian.PutUint32(out[len(out)-4:], sum)
	return out
}
