package recommend

import (
	"encoding"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/sparse"
)

// Persistent is a model with a binary form: a frame with kind, version, length
// and checksum (see docs/format.md). Equal models have equal bytes.
type Persistent interface {
	Model
	encoding.BinaryAppender
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// empty returns a new model of the kind, to be decoded into.
func empty(kind uint16) Persistent {
	switch kind {
	case codec.KindPopular:
		return &Popular{}
	case codec.KindItemKNN:
		return &ItemKNN{}
	case codec.KindALS:
		return &ALS{}
	case codec.KindTFIDFModel:
		return &TFIDFModel{}
	case codec.KindRP3Beta:
		return &RP3Beta{}
	case codec.KindUserKNN:
		return &UserKNN{}
	case codec.KindTurboCF:
		return &TurboCF{}
	case codec.KindEASE:
		return &EASE{}
	case codec.KindBPR:
		return &BPR{}
	case codec.KindWARP:
		return &WARP{}
	case codec.KindLMF:
		return &LMF{}
	case codec.KindMF:
		return &MF{}
	case codec.KindSVDPP:
		return &SVDPP{}
	case codec.KindFM:
		return &FM{}
	case codec.KindPureSVD:
		return &PureSVD{}
	case codec.KindGFCF:
		return &GFCF{}
	case codec.KindBSPM:
		return &BSPM{}
	case codec.KindSparseEASE:
		return &SparseEASE{}
	case codec.KindSLIM:
		return &SLIM{}
	case codec.KindNMF:
		return &NMF{}
	case codec.KindSessionKNN:
		return &SessionKNN{}
	case codec.KindMarkov:
		return &Markov{}
	case codec.KindItem2Vec:
		return &Item2Vec{}
	case codec.KindNextBasket:
		return &NextBasket{}
	case codec.KindCategoryPopular:
		return &CategoryPopular{}
	}
	return nil
}

// WriteModel writes the frame of m to w and returns the number of bytes.
func WriteModel(w io.Writer, m Persistent) (int64, error) {
	data, err := m.MarshalBinary()
	if err != nil {
		return 0, err
	}
	n, err := w.Write(data)
	return int64(n), err
}

// ReadModel reads one frame from r, whichever model it holds, and stops at its
// end. Memory grows with bytes received. ErrCorrupt, ErrVersion or ErrMismatch
// (a frame of something else) wrapped; io.EOF when r is at its end already.
func ReadModel(r io.Reader) (Persistent, error) {
	data, err := codec.ReadFrame(r)
	if err == io.EOF {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("recommend: ReadModel: %w", err)
	}
	kind := binary.LittleEndian.Uint16(data[4:])
	m := empty(kind)
	if m == nil {
		return nil, fmt.Errorf("recommend: ReadModel: frame kind %#x is no model: %w", kind, ErrMismatch)
	}
	if err := m.UnmarshalBinary(data); err != nil {
		return nil, err
	}
	return m, nil
}

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
