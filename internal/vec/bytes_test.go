package vec

import "testing"

func TestBytesWithin(t *testing.T) {
	for _, l := range allLevels() {
		undo := force(l)
		for words := range 5 {
			codes := make([]uint8, 64*words+3)
			for i := range codes {
				codes[i] = uint8(i*37 + i*i)
			}
			for _, r := range [][2]uint8{{0, 255}, {0, 0}, {255, 255}, {3, 90}, {64, 64}, {5, 4}, {1, 254}, {127, 128}, {128, 200}, {0, 127}} {
				dst := make([]uint64, words)
				for i := range dst {
					dst[i] = 0x5555
				}
				BytesWithin(dst, codes, r[0], r[1])
				for i := range 64 * words {
					if want := codes[i] >= r[0] && codes[i] <= r[1]; dst[i/64]>>(i%64)&1 == 1 != want {
						t.Fatalf("%s: %d within %v: %v", l.name, codes[i], r, !want)
					}
				}
			}
		}
		undo()
	}
}

func BenchmarkBytesWithin(b *testing.B) {
	codes, dst := make([]uint8, 1<<12), make([]uint64, 64)
	for i := range codes {
		codes[i] = uint8(i)
	}
	for _, l := range allLevels() {
		b.Run("level="+l.name, func(b *testing.B) {
			defer force(l)()
			b.SetBytes(int64(len(codes)))
			for b.Loop() {
				BytesWithin(dst, codes, 20, 90)
			}
		})
	}
}
