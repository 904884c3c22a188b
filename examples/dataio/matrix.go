package dataio

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
)

// Matrix is a compressed sparse row matrix, columns ascending and distinct in
// every row.
type Matrix struct {
	Rows, Cols int
	Ptr        []int64
	Col        []int32
	Val        []float32
	Time       []int64 // nil when unknown
	Merged     int     // entries that repeated a row and column
}

// Row returns the columns and values of row r.
func (m *Matrix) Row(r int) ([]int32, []float32) {
	a, b := m.Ptr[r], m.Ptr[r+1]
	return m.Col[a:b:b], m.Val[a:b:b]
}

// Values says what the weight of an entry is.
type Values int

// The choices of Values.
const (
	Ones Values = iota // 1, however often the pair occurs
	Sums               // the values of the pair added up
	Last               // the value of the latest entry of the pair; of equal times the later line
)

// Matrix turns entries into a users×items matrix of the reader's ids; call
// Reader.Sort first. The entries are used up: their memory is released as soon
// as it is not needed.
func (e *Entries) Matrix(v Values) *Matrix {
	r := e.r
	m := &Matrix{Rows: r.Users.Len(), Cols: r.Items.Len(), Ptr: make([]int64, r.Users.Len()+1)}
	for k, u := range e.users {
		e.users[k] = r.userPerm[u]
		m.Ptr[e.users[k]+1]++
	}
	for u := range m.Rows {
		m.Ptr[u+1] += m.Ptr[u]
	}
	next := slices.Clone(m.Ptr[:m.Rows])
	m.Col, m.Val = make([]int32, len(e.items)), make([]float32, len(e.items))
	if e.times != nil {
		m.Time = make([]int64, len(e.items))
	}
	for k, u := range e.users {
		p := next[u]
		next[u]++
		m.Col[p], m.Val[p] = r.itemPerm[e.items[k]], 1
		if e.values != nil && v != Ones {
			m.Val[p] = e.values[k]
		}
		if e.times != nil {
			m.Time[p] = e.times[k]
		}
	}
	e.users, e.items, e.values, e.times = nil, nil, nil, nil
	m.mergeRows(v)
	return m
}

// mergeRows sorts each row and folds repeated columns, in place.
func (m *Matrix) mergeRows(v Values) {
	type cell struct {
		col  int32
		val  float32
		time int64
		pos  int32
	}
	var row []cell
	out := int64(0)
	for r := range m.Rows {
		a, b := m.Ptr[r], m.Ptr[r+1]
		m.Ptr[r] = out
		row = row[:0]
		for p := a; p < b; p++ {
			c := cell{col: m.Col[p], val: m.Val[p], pos: int32(p - a)}
			if m.Time != nil {
				c.time = m.Time[p]
			}
			row = append(row, c)
		}
		slices.SortFunc(row, func(x, y cell) int {
			switch {
			case x.col != y.col:
				return int(x.col) - int(y.col)
			case x.time != y.time:
				if x.time < y.time {
					return -1
				}
				return 1
			}
			return int(x.pos) - int(y.pos)
		})
		for i := 0; i < len(row); {
			c := row[i]
			for i++; i < len(row) && row[i].col == c.col; i++ {
				m.Merged++
				c.time = row[i].time
				switch v {
				case Sums:
					c.val += row[i].val
				case Last:
					c.val = row[i].val
				}
			}
			m.Col[out], m.Val[out] = c.col, c.val
			if m.Time != nil {
				m.Time[out] = c.time
			}
			out++
		}
	}
	m.Ptr[m.Rows] = out
	m.Col, m.Val = m.Col[:out], m.Val[:out]
	if m.Time != nil {
		m.Time = m.Time[:out]
	}
}

// ReadMatrix reads the raw dump of a matrix: PREFIX.meta.json with rows, cols
// and nnz, PREFIX.indptr.i64 with rows+1 offsets, PREFIX.indices.i32 with
// ascending columns and PREFIX.data.f32 with values, all little-endian. The
// sizes of the files must agree with each other.
func ReadMatrix(prefix string) (*Matrix, error) {
	raw, err := os.ReadFile(prefix + ".meta.json")
	if err != nil {
		return nil, err
	}
	var meta struct{ Rows, Cols, NNZ *int64 }
	if err := json.Unmarshal(raw, &meta); err != nil {
		return nil, fmt.Errorf("%s.meta.json: %w", prefix, err)
	}
	if meta.Rows == nil || meta.Cols == nil || meta.NNZ == nil {
		return nil, fmt.Errorf("%s.meta.json: rows, cols and nnz are needed", prefix)
	}
	rows, cols, nnz := *meta.Rows, *meta.Cols, *meta.NNZ
	if rows < 1 || cols < 1 || nnz < 1 || rows > math.MaxInt32 || cols > math.MaxInt32 || nnz > math.MaxInt/8 {
		return nil, fmt.Errorf("%s.meta.json: %d×%d with %d entries is out of range", prefix, rows, cols, nnz)
	}
	m := &Matrix{Rows: int(rows), Cols: int(cols)}
	if m.Ptr, err = readRaw(prefix+".indptr.i64", rows+1, 8, func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) }); err != nil {
		return nil, err
	}
	if m.Col, err = readRaw(prefix+".indices.i32", nnz, 4, func(b []byte) int32 { return int32(binary.LittleEndian.Uint32(b)) }); err != nil {
		return nil, err
	}
	if m.Val, err = readRaw(prefix+".data.f32", nnz, 4, func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }); err != nil {
		return nil, err
	}
	return m, nil
}

// readRaw decodes exactly n numbers of the given width straight into a slice.
func readRaw[T any](path string, n int64, width int, decode func([]byte) T) ([]T, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() != n*int64(width) {
		return nil, fmt.Errorf("%s: %d bytes, want %d numbers of %d bytes", path, info.Size(), n, width)
	}
	out := make([]T, n)
	buf := make([]byte, 1<<20)
	r := bufio.NewReaderSize(f, 1<<16)
	for at := 0; at < len(out); {
		chunk := buf[:min(len(buf), (len(out)-at)*width)]
		if _, err := io.ReadFull(r, chunk); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for len(chunk) > 0 {
			out[at] = decode(chunk)
			chunk = chunk[width:]
			at++
		}
	}
	return out, nil
}
