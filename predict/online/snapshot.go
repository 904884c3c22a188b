package online

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/fm"
)

// table holds weights and vectors by place.
type table struct {
	data      []float32 // of each place its weight, then its vectors
	factors   int       // length of a vector; 0: none
	fields    int       // vectors a place: 1 of FM, one for each namespace of FieldFM
	normalize bool      // rows are scaled to length 1
}

// stride is the numbers of a place.
func (t *table) stride() int { return 1 + t.factors*t.fields }

// at returns the weight and the vectors of a place.
func (t *table) at(index uint32) []float32 {
	n := t.stride()
	return t.data[int(index)*n : (int(index)+1)*n]
}

// scale is what values are multiplied by.
func (t *table) scale(x example) float32 {
	if !t.normalize {
		return 1
	}
	sum := 0.0
	for i := range x.cells {
		sum += float64(x.cells[i].value * x.cells[i].value)
	}
	if sum == 0 {
		return 1
	}
	return float32(1 / math.Sqrt(sum))
}

// score is the linear predictor but for the constant. room holds as many numbers as a vector, where it
// leaves the sum of vectors (of one a place).
func (t *table) score(x example, scale float32, room []float32) float64 {
	switch {
	case t.factors == 0:
		s := x.offset
		for i := range x.cells {
			s += float64(float64(t.data[x.cells[i].index]) * x.cells[i].value)
		}
		return s
	case t.fields == 1:
		sum := fm.Sum{V: room}
		sum.Reset()
		for i := range x.cells {
			row := t.at(x.cells[i].index)
			sum.Add(row[1:], row[0], scale*float32(x.cells[i].value))
		}
		return x.offset + float64(sum.Score())
	}
	return x.offset + float64(t.scoreFields(x, scale))
}

// scoreFields is that of field-aware vectors: for two features each has its vector for the other's field.
func (t *table) scoreFields(x example, scale float32) float32 {
	s, f := float32(0), t.factors
	for i := range x.cells {
		a := &x.cells[i]
		row, z := t.at(a.index), scale*float32(a.value)
		s += float32(row[0] * z)
		for j := range i {
			b := &x.cells[j]
			u, v := row[1+int(b.field)*f:][:f], t.at(b.index)[1+int(a.field)*f:][:f]
			dot := float32(0)
			for k := range u {
				dot += float32(u[k] * v[k])
			}
			s += float32(dot * float32(z*float32(scale*float32(b.value))))
		}
	}
	return s
}

// Snapshot is the weights of a learner at one moment. It is immutable and safe for any number of
// readers, each with a row of its own, and holds nothing that only learning needs. A server learns on one
// goroutine and now and then stores a new Snapshot in an atomic.Pointer, from which each
// request loads; neither waits for the other.
type Snapshot struct {
	space *Space
	loss  Loss
	base  float64
	table
}

// Predict returns the prediction of a row, a probability or a mean: that of the learner but for
// rounding of weights to float32. ErrEmpty, ErrMismatch for a row of another space, what is wrong with the row.
// It allocates nothing once the row is warm.
func (s *Snapshot) Predict(r *Row) (float64, error) {
	if s == nil || s.space == nil {
		return 0, fmt.Errorf("online: Snapshot.Predict: %w", ErrEmpty)
	}
	x, err := r.read(s.space)
	if err != nil {
		return 0, fmt.Errorf("online: Snapshot.Predict: %w", err)
	}
	score := s.base + s.score(x, s.scale(x), r.room(s.factors))
	if !check.Finite(score) {
		return 0, diverged("Snapshot.Predict", score)
	}
	return s.loss.mean(score), nil
}

// Space returns the space of its rows.
func (s *Snapshot) Space() *Space {
	if s == nil {
		return nil
	}
	return s.space
}

// AppendBinary appends the frame of s to dst. ErrEmpty for a snapshot of nothing.
func (s *Snapshot) AppendBinary(dst []byte) ([]byte, error) {
	if s == nil || s.space == nil {
		return dst, fmt.Errorf("online: Snapshot.AppendBinary: %w", ErrEmpty)
	}
	var w codec.Writer
	s.space.put(&w)
	w.Int(int(s.loss))
	w.Float64(s.base)
	s.table.put(&w)
	return w.AppendFrame(dst, codec.KindOnlineSnapshot, 1), nil
}

// MarshalBinary returns the frame of s: 4 bytes a weight, zeros too; compress it.
func (s *Snapshot) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; s is unchanged when it fails. It must not run beside other uses of
// s. Payload of version 1:
//
//	space    as of FTRL
//	int      Loss
//	f64      constant, finite
//	table    int factors in [0, 1024]; int vectors a place, 0 without factors, else 1 or one for each
//	         namespace; bool whether rows are scaled; []f32 of each place its weight and vectors, finite;
//	         at most 2^29 numbers
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a frame of
// something else ErrMismatch.
func (s *Snapshot) UnmarshalBinary(data []byte) error {
	const where = "online: Snapshot.UnmarshalBinary"
	if err := check.Receiver(where, s); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindOnlineSnapshot, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := Snapshot{space: getSpace(r), loss: Loss(r.Int()), base: r.Float64()}
	if d.loss < Logistic || d.loss > Squared || !check.Finite(d.base) {
		r.Fail("has a loss or a constant that there is not")
	}
	d.table.get(r, d.space)
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*s = d
	return nil
}

func (t *table) put(w *codec.Writer) {
	w.Int(t.factors)
	w.Int(t.fields)
	w.Bool(t.normalize)
	w.Float32s(t.data)
}

// get reads what put wrote, for a space, which is nil after a fault.
func (t *table) get(r *codec.Reader, s *Space) {
	t.factors, t.fields, t.normalize = r.Int(), r.Int(), r.Bool()
	t.data = r.Float32s()
	if s == nil || r.Err() != nil {
		return
	}
	ok := t.factors >= 0 && t.factors <= maxFactors && (t.fields == 1 || t.fields == len(s.names))
	if t.factors == 0 {
		ok = t.fields == 0 && !t.normalize
	}
	if !ok || t.stride() > maxTable>>s.bits || len(t.data) != t.stride()<<s.bits || check.Slice32("", t.data) != nil {
		r.Fail("has weights that do not fit")
	}
}
