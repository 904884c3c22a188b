package recommend_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/aislekit/aisle/recommend"
)

// A model that is nil or zero has no binary form, instead of a panic or of bytes that
// no decoder reads.
func TestUnfittedBinary(t *testing.T) {
	for _, m := range []recommend.Persistent{
		&recommend.ALS{}, &recommend.BPR{}, &recommend.BSPM{}, &recommend.EASE{}, &recommend.FM{}, &recommend.GFCF{}, &recommend.Item2Vec{},
		&recommend.Embeddings{}, (*recommend.Embeddings)(nil), &recommend.ItemKNN{}, &recommend.LMF{}, &recommend.Markov{}, &recommend.MF{}, &recommend.NextBasket{}, &recommend.NMF{},
		&recommend.Popular{}, &recommend.PureSVD{}, &recommend.SessionKNN{}, &recommend.SLIM{}, &recommend.SparseEASE{}, &recommend.SVDPP{},
		&recommend.CategoryPopular{}, &recommend.TurboCF{}, &recommend.UserKNN{}, &recommend.RP3Beta{},
		(*recommend.ALS)(nil), (*recommend.ItemKNN)(nil), (*recommend.UserKNN)(nil), (*recommend.TFIDFModel)(nil),
	} {
		if !reflect.ValueOf(m).IsNil() && (m.Items() != 0 || m.Users() != 0) {
			t.Errorf("%T: zero, of %d users and %d items", m, m.Users(), m.Items())
		}
		if data, err := m.MarshalBinary(); !errors.Is(err, recommend.ErrEmpty) || len(data) != 0 {
			t.Errorf("%T: %d bytes and %v, want ErrEmpty", m, len(data), err)
		}
	}
}
