package vec

import "math"

// Centres stand in tiles: groups of four, coordinate by coordinate, missing
// lanes +Inf. Distances are sums of rounded squares of differences in order of
// the coordinates, and rows, centres and distances are finite: every level gives
// the same bits.

// SetTiles appends the tiles of centres, rows of length d, to dst.
func SetTiles(dst, centres []float64, d int) []float64 {
	k := len(centres) / d
	for j := 0; j < k; j += 4 {
		for q := range d {
			for l := j; l < j+4; l++ {
				v := math.Inf(1)
				if l < k {
					v = centres[l*d+q]
				}
				dst = append(dst, v)
			}
		}
	}
	return dst
}

// rows64 is the number of rows, each against all of tiles, of one assembly call.
func rows64(tiles []float64) int { return max(1, 1<<18/max(len(tiles), 1)) }

// Distances64 writes the squared distances of the listed rows of x, d > 0 long,
// to the centres of tiles, row after row and as many to a row as tiles has lanes.
func Distances64(dst, x []float64, d int, rows []int32, tiles []float64) {
	k := len(tiles) / d
	_ = dst[:len(rows)*k]
	checkList(x, d, rows)
	if !hasAVX2 {
		distances64Go(dst, x, d, rows, tiles)
		return
	}
	for lo, step := 0, rows64(tiles); lo < len(rows); lo += step {
		hi := min(lo+step, len(rows))
		distances64AVX2(dst[lo*k:hi*k], x, d, rows[lo:hi], tiles)
	}
}

// Nearest64 writes three values for each of the listed rows of x, d > 0 long: the
// index of the nearest centre of tiles (lowest first among equals), the squared
// distance to it, and that to the runner-up, +Inf for a single centre.
func Nearest64(out, x []float64, d int, rows []int32, tiles []float64) {
	n := len(rows)
	out = out[:3*n]
	checkList(x, d, rows)
	if !hasAVX2 {
		nearest64Go(out, x, d, rows, tiles)
		return
	}
	for lo, step := 0, rows64(tiles); lo < n; lo += step {
		hi := min(lo+step, n)
		nearest64AVX2(out[3*lo:3*hi], x, d, rows[lo:hi], tiles)
	}
}

func checkList(x []float64, d int, rows []int32) {
	for _, i := range rows {
		_ = x[int(i)*d : int(i)*d+d]
	}
}

// Scatter64 adds each row of x minus row label[i] of centre to row label[i] of
// sum; rows are d long.
func Scatter64(sum, centre, x []float64, d int, label []int32) {
	x = x[:len(label)*d]
	for _, a := range label {
		_, _ = sum[int(a)*d:int(a)*d+d], centre[int(a)*d:int(a)*d+d]
	}
	if !hasAVX2 {
		scatter64Go(sum, centre, x, d, label)
		return
	}
	for lo, step := 0, cut64(d); lo < len(label); lo += step {
		hi := min(lo+step, len(label))
		scatter64AVX2(sum, centre, x[lo*d:hi*d], d, label[lo:hi])
	}
}

// four returns the squared distances to the four centres of a group.
func four(x, g []float64) (s0, s1, s2, s3 float64) {
	for _, v := range x {
		q := g[:4:4]
		g = g[4:]
		a, b, e, f := v-q[0], v-q[1], v-q[2], v-q[3]
		s0 += float64(a * a)
		s1 += float64(b * b)
		s2 += float64(e * e)
		s3 += float64(f * f)
	}
	return s0, s1, s2, s3
}

func distances64Go(dst, x []float64, d int, rows []int32, tiles []float64) {
	at := 0
	for _, i := range rows {
		for g := 0; g < len(tiles); g += 4 * d {
			dst[at], dst[at+1], dst[at+2], dst[at+3] = four(x[int(i)*d:int(i)*d+d], tiles[g:])
			at += 4
		}
	}
}

// nearest64Go writes to out, for each of rows, the number of the nearest centre and the two
// smallest distances; tiles hold the centres four by four.
func nearest64Go(out, x []float64, d int, rows []int32, tiles []float64) {
	for n, i := range rows {
		row := x[int(i)*d : int(i)*d+d]
		at, d1, d2 := 0, math.Inf(1), math.Inf(1)
		for j, g := 0, tiles; len(g) > 0; j, g = j+4, g[4*d:] {
			s0, s1, s2, s3 := four(row, g)
			if s0 < d1 {
				at, d1, d2 = j, s0, d1
			} else if s0 < d2 {
				d2 = s0
			}
			if s1 < d1 {
				at, d1, d2 = j+1, s1, d1
			} else if s1 < d2 {
				d2 = s1
			}
			if s2 < d1 {
				at, d1, d2 = j+2, s2, d1
			} else if s2 < d2 {
				d2 = s2
			}
			if s3 < d1 {
				at, d1, d2 = j+3, s3, d1
			} else if s3 < d2 {
				d2 = s3
			}
		}
		out[3*n], out[3*n+1], out[3*n+2] = float64(at), d1, d2
	}
}

func scatter64Go(sum, centre, x []float64, d int, label []int32) {
	for i, a := range label {
		row, c, s := x[i*d:i*d+d], centre[int(a)*d:int(a)*d+d], sum[int(a)*d:int(a)*d+d]
		c, s = c[:len(row)], s[:len(row)]
		for q, v := range row {
			s[q] += v - c[q]
		}
	}
}
