package recommend

import (
	"encoding"
	"fmt"
	"io"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/sparse"
)

// Persistent is a model with a binary form: a frame with kind, version, length
// and checksum (see docs/format.md). Equal models have equal bytes.
//
// UnmarshalBinary of each model lists its payload and every check in these words,
// all little-endian:
//
//	byte     one byte
//	int      8 bytes, not negative
//	i64 u64  8 bytes; f32, f64: 4 and 8 bytes, IEEE 754
//	[]T      int n, then n times T; strings and bytes are []byte
//	matrix   sparse, by rows: int rows, int columns, []i64 pointers (rows+1, ascending
//	         from 0), []i32 columns (strictly ascending in a row), []f32 values (finite)
//	vectors  int f (1 … 16384), f32 mean, []f32 user vectors (users×f), []f32 item
//	         vectors (items×f), []f32 biases of items, []f32 biases of users or none;
//	         all finite
//	rule     of stochastic gradient descent: int epochs, f64 rate (> 0), f64 decay
//	         (0 … 1), f64 regularisation (>= 0, times rate below 1), int samples, u64
//	         seed; epochs and samples are 1 … 65536
//
// A model has at least one item: a nil or zero one has no binary form (ErrEmpty), and
// bytes of none are ErrCorrupt.
type Persistent interface {
	Model
	encoding.BinaryAppender
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// models has an empty model of every kind, for ReadModel to decode into: a new
// model is a line here, with its kind a line in internal/codec.
var models = map[codec.Kind]func() Persistent{
	codec.KindPopular:         func() Persistent { return &Popular{} },
	codec.KindItemKNN:         func() Persistent { return &ItemKNN{} },
	codec.KindALS:             func() Persistent { return &ALS{} },
	codec.KindTFIDFModel:      func() Persistent { return &TFIDFModel{} },
	codec.KindRP3Beta:         func() Persistent { return &RP3Beta{} },
	codec.KindUserKNN:         func() Persistent { return &UserKNN{} },
	codec.KindTurboCF:         func() Persistent { return &TurboCF{} },
	codec.KindEASE:            func() Persistent { return &EASE{} },
	codec.KindBPR:             func() Persistent { return &BPR{} },
	codec.KindWARP:            func() Persistent { return &WARP{} },
	codec.KindLMF:             func() Persistent { return &LMF{} },
	codec.KindMF:              func() Persistent { return &MF{} },
	codec.KindSVDPP:           func() Persistent { return &SVDPP{} },
	codec.KindFM:              func() Persistent { return &FM{} },
	codec.KindPureSVD:         func() Persistent { return &PureSVD{} },
	codec.KindGFCF:            func() Persistent { return &GFCF{} },
	codec.KindBSPM:            func() Persistent { return &BSPM{} },
	codec.KindSparseEASE:      func() Persistent { return &SparseEASE{} },
	codec.KindSLIM:            func() Persistent { return &SLIM{} },
	codec.KindNMF:             func() Persistent { return &NMF{} },
	codec.KindSessionKNN:      func() Persistent { return &SessionKNN{} },
	codec.KindMarkov:          func() Persistent { return &Markov{} },
	codec.KindItem2Vec:        func() Persistent { return &Item2Vec{} },
	codec.KindEmbeddings:      func() Persistent { return &Embeddings{} },
	codec.KindNextBasket:      func() Persistent { return &NextBasket{} },
	codec.KindCategoryPopular: func() Persistent { return &CategoryPopular{} },
}

// hybrids is the family whose models ReadModel knows when a program imports it.
const hybrids = "recommend/hybrid"

// WriteModel writes the frame of m to w and returns the number of bytes.
// ErrEmpty where either is nil, and what m.MarshalBinary and w return.
func WriteModel(w io.Writer, m Persistent) (int64, error) {
	if w == nil || m == nil {
		return 0, fmt.Errorf("recommend: WriteModel: w or m is nil: %w", ErrEmpty)
	}
	data, err := m.MarshalBinary()
	if err != nil {
		return 0, err
	}
	n, err := w.Write(data)
	return int64(n), err
}

// ReadModel reads one frame from r, whichever model it holds, and stops at its
// end. Memory grows with bytes received. Models of package recommend/hybrid are read
// by programs that import it, if only for that (import _); the error says so.
// ErrCorrupt, ErrVersion or ErrMismatch (a frame of something else) wrapped; io.EOF
// when r is at its end already.
func ReadModel(r io.Reader) (Persistent, error) {
	if r == nil {
		return nil, fmt.Errorf("recommend: ReadModel: r is nil: %w", ErrEmpty)
	}
	data, err := codec.ReadFrame(r)
	if err == io.EOF {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("recommend: ReadModel: %w", err)
	}
	return decodeModel(data)
}

// decodeModel decodes a frame, whichever model it holds. Models of families come
// from their decoders, which a program has when it imports the family.
func decodeModel(data []byte) (Persistent, error) {
	if len(data) < 6 {
		return nil, fmt.Errorf("recommend: ReadModel: a frame of %d bytes: %w", len(data), ErrCorrupt)
	}
	kind := codec.KindOf(data)
	if empty, ok := models[kind]; ok {
		m := empty()
		if err := m.UnmarshalBinary(data); err != nil {
			return nil, err
		}
		return m, nil
	}
	pkg := codec.PackageOf(kind)
	if decode := codec.Registered(kind); decode != nil {
		m, err := decode(data)
		if err != nil {
			return nil, err
		}
		if p, ok := m.(Persistent); ok {
			return p, nil
		}
	} else if pkg == hybrids {
		return nil, fmt.Errorf("recommend: ReadModel: frame kind %#x is a hybrid: import github.com/aislekit/aisle/%s to read it: %w", kind, pkg, ErrMismatch)
	}
	return nil, fmt.Errorf("recommend: ReadModel: frame kind %#x is no model: %w", kind, ErrMismatch)
}

// putCSR writes what Persistent calls a matrix, getCSR reads and checks it: an empty
// one where r has failed.
func putCSR(w *codec.Writer, m *sparse.CSR) {
	w.Int(m.Rows)
	w.Int(m.Cols)
	w.Int64s(m.Ptr)
	w.Int32s(m.Col)
	w.Float32s(m.Val)
}

func getCSR(r *codec.Reader) *sparse.CSR {
	m := &sparse.CSR{Rows: r.Int(), Cols: r.Int(), Ptr: r.Int64s(), Col: r.Int32s(), Val: r.Float32s()}
	if r.Err() != nil {
		return &sparse.CSR{Ptr: []int64{0}}
	}
	if err := m.Validate(); err != nil {
		r.Fail("holds a broken matrix")
		return &sparse.CSR{Ptr: []int64{0}}
	}
	return m
}
