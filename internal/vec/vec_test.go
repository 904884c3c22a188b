package vec

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
)

func drawPair(t *rapid.T) (x, y []float32) {
	n := rapid.IntRange(0, 70).Draw(t, "n")
	f := rapid.Float32Range(-100, 100)
	return rapid.SliceOfN(f, n, n).Draw(t, "x"), rapid.SliceOfN(f, n, n).Draw(t, "y")
}

// Against float64 sums: the error of a float32 sum of n products is bounded by
// n·2⁻²⁴·Σ|x·y|.
func TestVecProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := drawPair(t)
		a := rapid.Float32Range(-10, 10).Draw(t, "a")
		dot, abs, norm := 0.0, 0.0, 0.0
		for i := range x {
			p := float64(x[i]) * float64(y[i])
			dot += p
			abs += math.Abs(p)
			norm += float64(x[i]) * float64(x[i])
		}
		eps := math.Ldexp(float64(len(x)+2), -24)
		if got := float64(Dot(x, y)); math.Abs(got-dot) > eps*abs+1e-40 {
			t.Fatalf("Dot = %v, want %v", got, dot)
		}
		if Dot(x, y) != Dot(y, x) {
			t.Fatal("Dot is not symmetric")
		}
		if got := Norm2(x); math.Abs(got-norm) > 1e-12*norm {
			t.Fatalf("Norm2 = %v, want %v", got, norm)
		}
		z := append([]float32(nil), y...)
		Axpy(a, x, z)
		for i := range z {
			// One rounding with a fused multiply-add, two without.
			want := float64(y[i]) + float64(a)*float64(x[i])
			if bound := math.Ldexp(math.Abs(float64(y[i]))+2*math.Abs(float64(a)*float64(x[i])), -23) + 1e-40; math.Abs(float64(z[i])-want) > bound {
				t.Fatalf("Axpy[%d] = %v, want %v", i, z[i], want)
			}
		}
		z = append(z[:0], x...)
		Scale(a, z)
		for i := range z {
			if z[i] != a*x[i] {
				t.Fatalf("Scale[%d]", i)
			}
		}
	})
}

// The order of additions is part of the contract: each level keeps its bits.
func TestDotPinned(t *testing.T) {
	x, y := make([]float32, 29), make([]float32, 29)
	for i := range x {
		x[i], y[i] = 1/float32(i+1), float32(i*i%17)-8.3
	}
	if got, want := math.Float32bits(dotGo(x, y)), uint32(0xc1323012); got != want {
		t.Errorf("portable Dot has bits %#x, want %#x", got, want)
	}
	if !hasAVX2 {
		t.Skip("no AVX2 here")
	}
	if got, want := math.Float32bits(dotAVX2(x, y)), math.Float32bits(laneDot(x, y)); got != want {
		t.Errorf("AVX2 Dot has bits %#x, want %#x", got, want)
	}
}

// laneDot is the order of the assembly, in Go: 32 lanes of fused multiply-adds,
// then one tree. A product of float32 is exact in float64, so rounding its sum
// once more can differ from a fused operation only where float64 rounds to a
// tie; inputs with few bits avoid that.
func laneDot(x, y []float32) float32 {
	var l [32]float32
	for i := range x {
		l[i%32] = float32(float64(x[i])*float64(y[i]) + float64(l[i%32]))
	}
	var q [8]float32
	for i := range q {
		q[i] = (l[i] + l[16+i]) + (l[8+i] + l[24+i])
	}
	for i := range 4 {
		q[i] += q[4+i]
	}
	return (q[0] + q[2]) + (q[1] + q[3])
}

// Every kernel at every tail length, on the level chosen at start-up, against
// float64 and against each other.
func TestKernels(t *testing.T) { levels(t, testKernels) }

func testKernels(t *testing.T) {
	r := rng.New(1, 2, 3)
	fill := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(r.Intn(2001)-1000) / 64
		}
		return v
	}
	for f := 0; f <= 140; f++ {
		for _, n := range []int{0, 1, 2, 3, 5, 18} {
			rows := 7
			src, x, coef := fill(rows*f), fill(f), fill(n)
			idx := make([]int32, n)
			for k := range idx {
				idx[k] = int32(r.Intn(rows))
			}
			dst := make([]float32, n)
			GatherDot(dst, src, idx, x)
			all := make([]float32, rows)
			DotRows(all, src, x)
			for i := range all {
				if want := Dot(x, src[i*f:i*f+f]); all[i] != want {
					t.Fatalf("DotRows f=%d row %d: %v, want %v", f, i, all[i], want)
				}
				if hasAVX2 && all[i] != laneDot(x, src[i*f:i*f+f]) {
					t.Fatalf("f=%d: order of addition is not the canonical one", f)
				}
			}
			for k, i := range idx {
				if dst[k] != all[i] {
					t.Fatalf("GatherDot f=%d n=%d k=%d: %v, want %v", f, n, k, dst[k], all[i])
				}
			}
			scale := fill(rows)
			for i := range scale {
				scale[i] = float32(1+i%3) / 4
			}
			GatherDist(dst, src, idx, scale, x)
			for k, i := range idx {
				want := 0.0
				for j, v := range src[int(i)*f : int(i)*f+f] {
					d := float64(scale[i])*float64(v) - float64(x[j])
					want += d * d
				}
				if math.Abs(float64(dst[k])-want) > 1e-6*want {
					t.Fatalf("GatherDist f=%d n=%d k=%d: %v, want %v", f, n, k, dst[k], want)
				}
			}
			// Guard words around the output must survive.
			buf := fill(f + 16)
			before := slices.Clone(buf)
			out := buf[8 : 8+f : 8+f]
			GatherAxpy(out, src, idx, coef)
			for j := range buf {
				want := float64(before[j])
				if j >= 8 && j < 8+f {
					for k, i := range idx {
						want += float64(coef[k]) * float64(src[int(i)*f+j-8])
					}
				}
				if math.Abs(float64(buf[j])-want) > 1e-3 {
					t.Fatalf("GatherAxpy f=%d n=%d element %d: %v, want %v", f, n, j-8, buf[j], want)
				}
			}
			px, py, pz := slices.Clone(x), fill(f), fill(f)
			qx, qy, qz := slices.Clone(px), slices.Clone(py), slices.Clone(pz)
			PairStep(px, py, pz, 0.25, 0.5)
			rx, ry := slices.Clone(qx), slices.Clone(qy)
			RowStep(rx, ry, 0.25, 0.5)
			for j := range f { // powers of two: every product is exact
				if px[j] != 0.5*qx[j]+0.25*(qy[j]-qz[j]) || py[j] != 0.5*qy[j]+0.25*qx[j] || pz[j] != 0.5*qz[j]-0.25*qx[j] {
					t.Fatalf("PairStep f=%d element %d", f, j)
				}
				if rx[j] != 0.5*qx[j]+0.25*qy[j] || ry[j] != 0.5*qy[j]+0.25*qx[j] {
					t.Fatalf("RowStep f=%d element %d", f, j)
				}
			}
			copy(buf, before)
			Scale(1.7, out)
			for j := range buf {
				want := before[j]
				if j >= 8 && j < 8+f {
					want *= 1.7
				}
				if buf[j] != want {
					t.Fatalf("Scale f=%d element %d: %v, want %v", f, j-8, buf[j], want)
				}
			}
			copy(buf, before)
			Axpy(1.5, x, out)
			for j := range buf {
				want := before[j]
				if j >= 8 && j < 8+f {
					want += 1.5 * x[j-8]
				}
				if buf[j] != want {
					t.Fatalf("Axpy f=%d element %d: %v, want %v", f, j-8, buf[j], want)
				}
			}
		}
	}
	for n := range 90 {
		x, y := fill(n), fill(n)
		if n > 3 {
			x[n/2] = float32(math.NaN())
		}
		for _, threshold := range []float32{-1e9, 0, 30, 100, 1e9} {
			for from := range n + 1 {
				want := n
				for i := n - 1; i >= from; i-- {
					if x[i]*y[i] >= threshold {
						want = i
					}
				}
				if got := NextAbove(x, y, threshold, from); got != want {
					t.Fatalf("NextAbove n=%d from=%d threshold=%v: %d, want %d", n, from, threshold, got, want)
				}
			}
		}
	}
	for _, n := range []int{0, 1, 2, 9, 64} {
		w, y, c := fill(16*n), fill(16*n), fill(16*21)
		before := slices.Clone(c)
		Tile16(c, 21, w, y, n)
		for p := range c {
			want := float64(before[p])
			if i, j := p/21, p%21; j < 16 {
				for k := range n {
					want += float64(w[16*k+i]) * float64(y[16*k+j])
				}
			}
			if math.Abs(float64(c[p])-want) > 5e-3 {
				t.Fatalf("Tile16 n=%d element %d: %v, want %v", n, p, c[p], want)
			}
		}
	}
	for _, size := range []int{16, 32, 48, 64} {
		for _, n := range []int{0, 1, 2, 7, 33} {
			for from := 0; from <= size; from += 16 {
				w, y, c := fill(n*size), fill(n*size), fill(size*size)
				before := slices.Clone(c)
				Syrk(c, size, from, size, w, y, size, n)
				for i := range size {
					for j := range size {
						if i >= from && j < i && j >= i&^15 {
							continue // below the diagonal inside its tile
						}
						want := float64(before[i*size+j])
						if i >= from && j >= i {
							for k := range n {
								want += float64(w[k*size+i]) * float64(y[k*size+j])
							}
						}
						if math.Abs(float64(c[i*size+j])-want) > 5e-3 {
							t.Fatalf("Syrk size=%d n=%d from=%d (%d,%d): %v, want %v", size, n, from, i, j, c[i*size+j], want)
						}
					}
				}
			}
		}
	}
}

// levels runs fn on every level of this machine.
func levels(t *testing.T, fn func(t *testing.T)) {
	for _, l := range allLevels() {
		t.Run(l.name, func(t *testing.T) {
			defer force(l)()
			fn(t)
		})
	}
}

// Kernels of rows give the same bits on AVX2 and AVX-512, and what the portable
// form gives to rounding.
func TestLevels(t *testing.T) {
	results := map[string][][]float32{}
	levels(t, func(t *testing.T) {
		r := rng.New(9, 0, 0)
		fill := func(n int) []float32 {
			v := make([]float32, n)
			for i := range v {
				v[i] = float32(r.Normal())
			}
			return v
		}
		var out [][]float32
		for _, f := range []int{1, 7, 16, 24, 32, 48, 64, 80, 128, 144, 256} {
			fp := Pad(f)
			for _, n := range []int{0, 1, 2, 3, 4, 5, 31, 32, 33, 70} {
				const rows = 50
				src, x, a, w := fill(rows*f), fill(f), fill(n), fill(n)
				idx := make([]int32, n+20)
				for k := range idx {
					idx[k] = int32(r.Intn(rows))
				}
				for _, flat := range []int{0, n, n + 20} {
					buf := fill(f + 16)
					want := make([]float64, len(buf))
					for j, v := range buf {
						want[j] = float64(v)
					}
					GatherApply(buf[8:8+f:8+f], src, idx[:n], a, w, x, make([]float32, n), flat)
					for k, i := range idx[:n] {
						row, d := src[int(i)*f:int(i)*f+f], 0.0
						for j := range row {
							d += float64(row[j]) * float64(x[j])
						}
						for j := range row {
							want[8+j] += (float64(a[k]) + float64(w[k])*d) * float64(row[j])
						}
					}
					for j := range buf {
						if math.Abs(float64(buf[j])-want[j]) > 2e-5*float64(f*(n+1)) || (j < 8 || j >= 8+f) && float64(buf[j]) != want[j] {
							t.Fatalf("GatherApply f=%d n=%d element %d: %v, want %v", f, n, j-8, buf[j], want[j])
						}
					}
					out = append(out, buf)
				}
				far := fill(n)
				GatherDist(far, src, idx[:n], fill(rows), x)
				out = append(out, far)
				raw, scaled := fill(n*fp+1), fill(n*fp+1)
				guard := [2]float32{raw[n*fp], scaled[n*fp]}
				GatherScale(raw, scaled, src, idx[:n], a, f, n+20)
				for k, i := range idx[:n] {
					for j := range fp {
						v := float32(0)
						if j < f {
							v = src[int(i)*f+j]
						}
						if raw[k*fp+j] != v || scaled[k*fp+j] != a[k]*v {
							t.Fatalf("GatherScale f=%d row %d element %d", f, k, j)
						}
					}
				}
				if guard != [2]float32{raw[n*fp], scaled[n*fp]} {
					t.Fatalf("GatherScale f=%d n=%d wrote behind its rows", f, n)
				}
				c := fill(fp * fp)
				Syrk(c, fp, 0, fp, scaled[:n*fp], raw[:n*fp], fp, n)
				for i := range fp {
					clear(c[i*fp : i*fp+i]) // below the diagonal anything may be
				}
				tile := fill(16 * 20)
				if n > 0 {
					Tile16(tile, 20, fill(16*n), fill(16*n), n)
				}
				out = append(out, c, tile)
			}
			m, x, y := fill(fp*fp), fill(fp), fill(fp+1)
			guard := y[fp]
			Symv(y, m, x)
			for j := range fp {
				s := 0.0
				for k := range fp {
					s += float64(x[k]) * float64(m[k*fp+j])
				}
				if math.Abs(s-float64(y[j])) > 1e-5*float64(fp) {
					t.Fatalf("Symv f=%d element %d: %v, want %v", fp, j, y[j], s)
				}
			}
			if y[fp] != guard {
				t.Fatalf("Symv f=%d wrote behind its end", fp)
			}
			out = append(out, y, []float32{Dot(x, y)})
			// A positive definite matrix, its first panel.
			rows := fill(2 * fp * fp)
			a := make([]float32, fp*fp)
			Syrk(a, fp, 0, fp, rows, rows, fp, 2*fp)
			before := slices.Clone(a)
			neg := fill(16 * fp)
			behind := slices.Clone(neg)
			if !CholeskyPanel(a, fp, 0, neg) {
				t.Fatalf("CholeskyPanel f=%d failed", fp)
			}
			for i := range 16 {
				for j := range fp {
					if j < i {
						a[i*fp+j] = 0
						continue
					}
					s := 0.0
					for k := range i + 1 {
						s += float64(a[k*fp+i]) * float64(a[k*fp+j])
					}
					if math.Abs(s-float64(before[i*fp+j])) > 1e-4*float64(fp) {
						t.Fatalf("CholeskyPanel f=%d (%d,%d): %v, want %v", fp, i, j, s, before[i*fp+j])
					}
					if want := -a[i*fp+j]; j >= 16 && neg[i*fp+j] != want || j < 16 && neg[i*fp+j] != behind[i*fp+j] {
						t.Fatalf("CholeskyPanel f=%d: neg(%d,%d)", fp, i, j)
					}
				}
			}
			out = append(out, slices.Clone(a[:16*fp]), slices.Clone(neg))
			for _, bad := range []float32{0, -1, float32(math.NaN()), float32(math.Inf(1))} {
				for _, at := range []int{0, 7, 15} {
					a := slices.Clone(before)
					for i := range 16 {
						for j := range 16 {
							if i != j {
								a[i*fp+j] = 0
							}
						}
					}
					if a[at*fp+at] = bad; CholeskyPanel(a, fp, 0, neg) {
						t.Fatalf("CholeskyPanel took the pivot %v at %d", bad, at)
					}
				}
			}
		}
		results[t.Name()] = out
	})
	wide, narrow := results[t.Name()+"/avx512"], results[t.Name()+"/avx2"]
	if wide == nil || narrow == nil {
		t.Skip("no AVX-512 here")
	}
	for k := range wide {
		if !slices.Equal(wide[k], narrow[k]) {
			at := 0
			for wide[k][at] == narrow[k][at] {
				at++
			}
			t.Fatalf("result %d of %d numbers: element %d is %v on AVX-512, %v on AVX2", k, len(wide[k]), at, wide[k][at], narrow[k][at])
		}
	}
}

func TestPanelAbove(t *testing.T) {
	levels(t, func(t *testing.T) {
		r := rng.New(7, 0, 0)
		for _, f := range []int{1, 2, 3, 7, 16, 33, 64, 65} {
			for count := range 4 {
				panels, users := make([]float32, count*f*PanelItems), make([]float32, f*PanelUsers)
				for _, v := range [][]float32{panels, users} {
					for i := range v { // few bits: every sum is exact
						v[i] = float32(r.Intn(65)-32) / 8
					}
				}
				if count == 3 {
					panels[len(panels)-1] = float32(math.NaN())
				}
				thresholds := make([]float32, PanelUsers)
				for u := range thresholds {
					thresholds[u] = float32(r.Intn(100)-50) / 2
				}
				thresholds[3], thresholds[4], thresholds[5] = float32(math.Inf(-1)), float32(math.Inf(1)), float32(math.NaN())
				masks := make([]uint32, count*PanelUsers+2)
				masks[count*PanelUsers] = 77
				PanelAbove(masks[:count*PanelUsers], panels, users, thresholds, f)
				if masks[count*PanelUsers] != 77 {
					t.Fatal("wrote beyond its masks")
				}
				for p := range count {
					for u := range PanelUsers {
						for j := range PanelItems {
							s := float32(0)
							for k := range f {
								s += users[PanelUsers*k+u] * panels[(p*f+k)*PanelItems+j]
							}
							if got := masks[p*PanelUsers+u]>>j&1 == 1; got != (s >= thresholds[u]) {
								t.Fatalf("f=%d panel %d user %d item %d: %v, sum %v, threshold %v", f, p, u, j, got, s, thresholds[u])
							}
						}
					}
				}
			}
		}
	})
}

// TestGatherDistFar: differences keep what products lose, rows far from the origin and
// beside wild ones.
func TestGatherDistFar(t *testing.T) {
	levels(t, func(t *testing.T) {
		r := rng.New(8, 0, 0)
		const f, rows = 37, 20
		src, x, one, idx, dst := make([]float32, rows*f), make([]float32, f), make([]float32, rows), make([]int32, rows), make([]float32, rows)
		for _, far := range []float64{0, 10, 1e5, 1e12} {
			for j := range x {
				x[j] = float32(far + r.Normal())
			}
			for k := range src {
				src[k] = float32(far + 1e-3*r.Normal())
			}
			for i := range idx {
				one[i], idx[i] = 1, int32(rows-1-i)
			}
			src[5*f+3] = -1e12
			GatherDist(dst, src, idx, one, x)
			for k, i := range idx {
				want := 0.0
				for j, v := range src[int(i)*f : int(i)*f+f] {
					d := float64(v) - float64(x[j])
					want += d * d
				}
				if math.Abs(float64(dst[k])-want) > 2e-6*want {
					t.Errorf("at %v, row %d: %v, want %v", far, i, dst[k], want)
				}
			}
		}
	})
}

func TestLonger(t *testing.T) {
	if Dot([]float32{1, 2}, []float32{3, 4, 5}) != 11 || Dot(nil, nil) != 0 {
		t.Error("Dot takes len(x) elements")
	}
	defer func() {
		if recover() == nil {
			t.Error("a short operand was accepted")
		}
	}()
	Dot([]float32{1, 2}, []float32{3})
}

func TestNormalize(t *testing.T) {
	dst := []float32{9, 9}
	if Normalize(dst, []float32{3, -4}); dst[0] != .6 || dst[1] != -.8 {
		t.Errorf("%v", dst)
	}
	if Normalize(dst, []float32{0, 0}); dst[0] != 0 || dst[1] != 0 {
		t.Errorf("zero became %v", dst)
	}
}
