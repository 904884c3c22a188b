package predict_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

// persistents are states of every kind that ReadModel knows, some of them in several
// shapes.
func persistents(t testing.TB) map[string]predict.Persistent {
	t.Helper()
	ctx := context.Background()
	rows, y := planted(100, 3, 2)
	out := map[string]predict.Persistent{
		"Gram": filledGram(t), "Gram empty": new(predict.Gram),
		"Sigmoid": &predict.SigmoidCalibrator{A: -1, B: 2, Converged: true},
	}
	for name, opt := range map[string]predict.LogisticOptions{
		"Logistic":       {},
		"Logistic named": {StdErrors: true, Names: []string{"a", "b", "c"}},
		"Logistic short": {MaxIter: 1, NoIntercept: true},
	} {
		m, err := predict.FitLogistic(ctx, rows, y, opt)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = m
	}
	sparse, err := predict.FitLogisticSparse(ctx, compress(rows), y, predict.LogisticOptions{})
	if err != nil {
		t.Fatal(err)
	}
	linear, err := predict.FitLinear(ctx, spread, []float64{1, 2, 2, 4, 5, 5, 7, 9}, predict.LinearOptions{Names: []string{"a", "b", "c"}})
	if err != nil {
		t.Fatal(err)
	}
	isotonic, err := predict.FitIsotonic([]float64{1, 2, 3}, []bool{false, true, false}, nil)
	if err != nil {
		t.Fatal(err)
	}
	buckets, err := predict.NewIsotonicBuckets(0, 1, 5)
	if err != nil {
		t.Fatal(err)
	}
	if err := buckets.Add(0.3, true); err != nil {
		t.Fatal(err)
	}
	out["Logistic sparse"], out["Linear"], out["Isotonic"], out["IsotonicBuckets"] = sparse, linear, isotonic, buckets
	return out
}

// TestCodec: what was written is read again, to the bit; every flipped bit of the
// last byte and every cut is refused, and leaves the receiver as it was.
func TestCodec(t *testing.T) {
	for name, m := range persistents(t) {
		want, err := m.MarshalBinary()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		appended, err := m.AppendBinary([]byte("before"))
		if err != nil || !bytes.Equal(appended, append([]byte("before"), want...)) {
			t.Errorf("%s: AppendBinary differs from MarshalBinary: %v", name, err)
		}
		n := reflect.New(reflect.TypeOf(m).Elem()).Interface().(predict.Persistent)
		if err := n.UnmarshalBinary(want); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i := range want {
			bad := slices.Clone(want)
			bad[i] ^= 1
			if err := n.UnmarshalBinary(bad); err == nil {
				t.Errorf("%s: byte %d flipped: no error", name, i)
			}
			if err := n.UnmarshalBinary(want[:i]); !errors.Is(err, predict.ErrCorrupt) {
				t.Errorf("%s: cut at %d: %v", name, i, err)
			}
		}
		newer := slices.Clone(want)
		newer[6] = 200
		if err := n.UnmarshalBinary(testkit.Refit(newer)); !errors.Is(err, predict.ErrVersion) {
			t.Errorf("%s: newer version: %v", name, err)
		}
		other := slices.Clone(want)
		other[4] ^= 0x80
		if err := n.UnmarshalBinary(testkit.Refit(other)); !errors.Is(err, predict.ErrMismatch) {
			t.Errorf("%s: another kind: %v", name, err)
		}
		if got, _ := n.MarshalBinary(); !bytes.Equal(got, want) {
			t.Errorf("%s: a failed decode changed the receiver", name)
		}
	}
}

// TestWriteModel: frames of all kinds follow each other in one stream, and what
// follows them is left alone.
func TestWriteModel(t *testing.T) {
	var stream bytes.Buffer
	var want [][]byte
	for name, m := range persistents(t) {
		frame, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if n, err := predict.WriteModel(&stream, m); err != nil || n != int64(len(frame)) {
			t.Fatalf("%s: %d bytes of %d, %v", name, n, len(frame), err)
		}
		want = append(want, frame)
	}
	whole := bytes.Clone(stream.Bytes())
	stream.WriteString("rest")
	for _, frame := range want {
		m, err := predict.ReadModel(&stream)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := m.MarshalBinary(); !bytes.Equal(got, frame) {
			t.Errorf("%T: bytes differ", m)
		}
	}
	if stream.String() != "rest" {
		t.Errorf("left %q", stream.String())
	}
	if _, err := predict.ReadModel(&stream); !errors.Is(err, predict.ErrCorrupt) {
		t.Errorf("no frame: %v", err)
	}
	if _, err := predict.ReadModel(bytes.NewReader(nil)); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	if _, err := predict.ReadModel(bytes.NewReader(whole[:len(want[0])-1])); !errors.Is(err, predict.ErrCorrupt) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut: %v", err)
	}
	bad := bytes.Clone(want[0])
	bad[len(bad)-1] ^= 1
	if _, err := predict.ReadModel(bytes.NewReader(bad)); !errors.Is(err, predict.ErrCorrupt) {
		t.Errorf("checksum: %v", err)
	}
	binary.LittleEndian.PutUint16(bad[4:], 0x0101)
	if _, err := predict.ReadModel(bytes.NewReader(testkit.Refit(bad))); !errors.Is(err, predict.ErrMismatch) {
		t.Errorf("a frame of another package: %v", err)
	}
}

// TestWriteModelBad: nothing is written of what could not be read again.
func TestWriteModelBad(t *testing.T) {
	var stream bytes.Buffer
	for name, c := range map[string]struct {
		m    predict.Persistent
		want error
	}{
		"not fitted": {new(predict.Logistic), predict.ErrEmpty},
		"no linear":  {new(predict.Linear), predict.ErrEmpty},
		"no knots":   {new(predict.Isotonic), predict.ErrEmpty},
		"no buckets": {new(predict.IsotonicBuckets), predict.ErrEmpty},
		"foreign":    {foreign{}, predict.ErrMismatch},
		"labeler":    {new(predict.Labeler[string]), predict.ErrMismatch},
	} {
		if n, err := predict.WriteModel(&stream, c.m); !errors.Is(err, c.want) || n != 0 || stream.Len() != 0 {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
	}
	full := errors.New("disk full")
	if _, err := predict.WriteModel(failing{full}, &predict.SigmoidCalibrator{}); !errors.Is(err, full) {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// foreign is a state of a caller's own.
type foreign struct{}

func (foreign) AppendBinary(b []byte) ([]byte, error) { return append(b, 1), nil }
func (foreign) MarshalBinary() ([]byte, error)        { return []byte{1}, nil }
func (foreign) UnmarshalBinary([]byte) error          { return nil }

// TestHostileLengths: a frame that promises a huge matrix is refused without
// allocating for it.
func TestHostileLengths(t *testing.T) {
	for name, m := range persistents(t) {
		frame, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		// Every count that stands on a byte of the payload, made huge.
		for at := 16; at+8 <= len(frame)-4; at++ {
			bad := slices.Clone(frame)
			binary.LittleEndian.PutUint64(bad[at:], 1<<40)
			bad = testkit.Refit(bad)
			n := reflect.New(reflect.TypeOf(m).Elem()).Interface().(predict.Persistent)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_ = n.UnmarshalBinary(bad)
			runtime.ReadMemStats(&after)
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<18 {
				t.Errorf("%s: %d bytes for a count at %d", name, grown, at)
			}
		}
	}
}
