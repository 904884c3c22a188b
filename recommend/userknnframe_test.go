package recommend_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

// A frame of version 1 with AsymmetricCosine and a Shrinkage says what it said when it
// was written, and goes on saying so in the frames that it is written to. The files are
// of f4dc912^, the last commit with that formula: frameData, BM25, α .3, h 2, Power 1.5.
func TestUserKNNFrameOfFormerAsymmetric(t *testing.T) {
	type answer struct {
		Known      []float32             `json:"scores/known"`
		Stranger   []float32             `json:"scores/stranger"`
		Neighbours []recommend.UserScore `json:"neighbours"`
	}
	says := func(data []byte) (out answer) {
		t.Helper()
		if err := json.Unmarshal(data, &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	dir := filepath.Join("testdata", "userknn")
	golden := must(os.ReadFile(filepath.Join(dir, "asymmetric.v1.bin")))(t)
	want := says(must(os.ReadFile(filepath.Join(dir, "asymmetric.v1.json")))(t))
	same := func(m *recommend.UserKNN) bool {
		t.Helper()
		got := says(must(json.Marshal(modelAnswers(t, m)))(t))
		ok := len(got.Neighbours) == len(want.Neighbours)
		for k := range min(len(got.Neighbours), len(want.Neighbours)) {
			g, w := got.Neighbours[k], want.Neighbours[k]
			ok = ok && g.User == w.User && testkit.Close(float64(g.Score), float64(w.Score), 0, 1e-5)
		}
		for i := range want.Known {
			ok = ok && testkit.Close(float64(got.Known[i]), float64(want.Known[i]), 0, 1e-5) &&
				testkit.Close(float64(got.Stranger[i]), float64(want.Stranger[i]), 0, 1e-5)
		}
		return ok
	}
	var old, again, today recommend.UserKNN
	if err := old.UnmarshalBinary(golden); err != nil {
		t.Fatal(err)
	}
	frame := must(old.MarshalBinary())(t)
	if err := again.UnmarshalBinary(frame); err != nil {
		t.Fatal(err)
	}
	if !same(&old) || !same(&again) {
		t.Error("a frame of version 1, or what it is written to, no longer says what it said")
	}
	if !bytes.Equal(must(again.MarshalBinary())(t), frame) {
		t.Error("the frame written again is not canonical")
	}
	fit := must(recommend.FitUserKNN(context.Background(), frameData(t), recommend.UserKNNOptions{
		Similarity: recommend.AsymmetricCosine, Weighting: recommend.BM25, Alpha: 0.3, Shrinkage: 2, Power: 1.5,
	}))(t)
	if err := today.UnmarshalBinary(must(fit.MarshalBinary())(t)); err != nil {
		t.Fatal(err)
	}
	if same(fit) || same(&today) {
		t.Error("a fit of today, or its frame, has the former formula")
	}
	for name, damage := range map[string]func(version, payload []byte){
		"the former formula in version 1":         func(_, p []byte) { p[8] = 9 },
		"the former formula without a Shrinkage":  func(v, p []byte) { v[0], p[8] = 2, 9; clear(p[24:32]) },
		"the former formula with an Alpha of 1.5": func(v, p []byte) { v[0], p[8] = 2, 9; binary.LittleEndian.PutUint64(p[32:], 0x3ff8<<48) },
		"one beyond the former formula":           func(v, p []byte) { v[0], p[8] = 2, 10 },
	} {
		bad := bytes.Clone(golden)
		end := len(bad) - 4
		damage(bad[6:8], bad[16:end])
		binary.LittleEndian.PutUint32(bad[end:], crc32.Checksum(bad[:end], crc32.MakeTable(crc32.Castagnoli)))
		if err := again.UnmarshalBinary(bad); !errors.Is(err, recommend.ErrCorrupt) {
			t.Errorf("%s: %v, want ErrCorrupt", name, err)
		}
	}
}
