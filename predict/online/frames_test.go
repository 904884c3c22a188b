package online_test

import (
	"encoding"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/online"
)

// The golden frames, with every field in use.
func TestFrames(t *testing.T) { testkit.Frames(t, "predict/online", frames()) }

// FuzzUnmarshal: what is refused changes nothing, what is read is canonical.
func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

func TestDamage(t *testing.T) { testkit.Damage(t, frames()) }

func TestNilReceivers(t *testing.T) {
	testkit.NilReceivers(t, nil, (*online.Space)(nil), (*online.Row)(nil), (*online.Rows)(nil), (*online.FTRL)(nil), (*online.FM)(nil),
		(*online.FieldFM)(nil), (*online.Snapshot)(nil), (*online.Text)(nil), (*online.TextCounts)(nil))
}

// framed are predictions of a state for a row or two, and its losses.
func framed(t testing.TB, s any) any {
	type server interface {
		Space() *online.Space
		Predict(r *online.Row) (float64, error)
	}
	m := s.(server)
	row := rowOf(m.Space())
	out := []any{get(m.Predict(row))}
	row.Reset()
	out = append(out, get(m.Predict(row)))
	if l, ok := s.(online.Learner); ok {
		out = append(out, testkit.Plain(l.Progressive()))
		out = append(out, get(l.Learn(rowOf(m.Space()), 1, 2)), get(l.Predict(rowOf(m.Space()))))
	}
	return out
}

func frames() []testkit.Frame {
	crossed := get(online.NewSpace(online.SpaceOptions{Bits: 3, Namespaces: []string{"user", "ad"}, Crosses: [][2]string{{"user", "ad"}}, Seed: 3}))
	fm := online.FMOptions{Factors: 2, Rate: .2, L2: .01, Spread: .2, Normalize: true, Loss: online.Squared, Seed: 4, NoIntercept: false}
	return []testkit.Frame{
		{
			Kind: codec.KindFTRL,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				return taught(get(online.NewFTRL(crossed, online.FTRLOptions{L1: .01, L2: .2, MinRate: .01, Negatives: .9, Seed: 5})))
			},
			Values: framed,
			Zero:   []string{".opt.Loss: logistic, as draws of negatives want", ".opt.NoIntercept: its intercept is in use", ".opt.NoScale: scales are in use", ".bias.top: the constant has no scale"},
		},
		{
			Kind:   codec.KindOnlineFM,
			Fill:   func(t testing.TB) encoding.BinaryMarshaler { return taught(get(online.NewFM(tiny, fm))) },
			Values: framed,
			Zero:   []string{".m.opt.NoIntercept: its intercept is in use", ".m.space.pairs: refused", ".m.room[]: memory of steps"},
		},
		{
			Kind:   codec.KindFieldFM,
			Fill:   func(t testing.TB) encoding.BinaryMarshaler { return taught(get(online.NewFieldFM(tiny, fm))) },
			Values: framed,
			Zero:   []string{".m.opt.NoIntercept: its intercept is in use", ".m.space.pairs: refused", ".m.room[]: memory of steps"},
		},
		{
			Kind: codec.KindOnlineSnapshot,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				return taught(get(online.NewFieldFM(tiny, fm))).Snapshot()
			},
			Values: framed,
			Zero:   []string{".space.pairs: refused"},
		},
		{
			Kind: codec.KindText,
			Fill: func(t testing.TB) encoding.BinaryMarshaler { return praise() },
			Values: func(t testing.TB, s any) any {
				m := s.(*online.Text)
				return []any{get(m.Score("很好！")), get(m.AppendReasons(nil, "很好！", 3))}
			},
			Zero: []string{".alphabet.tokens: the default", ".alphabet.foreign: the default", ".table[]: free places"},
		},
		{
			Kind: codec.KindTextCounts,
			Fill: func(t testing.TB) encoding.BinaryMarshaler { return someCounts() },
			Values: func(t testing.TB, s any) any {
				c := s.(*online.TextCounts)
				no, yes := c.Texts()
				return []any{no, yes, get(get(c.Result()).Score("很好！"))}
			},
			Zero:   []string{".alphabet.tokens: the default", ".alphabet.foreign: the default", ".scratch: of one call"},
			Drifts: "a text counts each of its features once",
		},
	}
}
