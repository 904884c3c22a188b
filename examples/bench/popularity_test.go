package bench

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// Where popularity is all, models take more of it for what is left out. The settings printed
// make such a model again, and the usual defaults, asked for, make another.
func TestSettingsWherePopularityIsAll(t *testing.T) {
	if testkit.Race {
		t.Skip("TestEffectiveSettings fits the same models, on less")
	}
	r := rng.New(5, 0x9e, 0)
	var train, test strings.Builder
	for u := range 800 {
		busy := 0.3 + 1.4*r.Float64()
		fmt.Fprint(&train, u)
		fmt.Fprint(&test, u)
		for i := range 250 {
			switch {
			case !r.Bool(min(busy*0.9/(3+0.2*float64(i)), 1)):
			case r.Bool(0.2):
				fmt.Fprint(&test, " ", i)
			default:
				fmt.Fprint(&train, " ", i)
			}
		}
		train.WriteString("\n")
		test.WriteString("\n")
	}
	args := []string{"-train", write(t, "train.txt", train.String()), "-test", write(t, "test.txt", test.String()), "-isolate=false", "-json", "-k", "20", "-lists=false"}
	run := func(given map[string]any) map[string]any {
		raw, err := json.Marshal(given)
		if err != nil {
			t.Fatal(err)
		}
		code, out, log := bench(t, append(args, "-algorithms", "userknn,nmf,bspm,gfcf,turbocf,ease,slim,itemknn", "-settings", write(t, "s.json", string(raw)))...)
		if code != 0 {
			t.Fatalf("exit %d: %s", code, log)
		}
		got := map[string]any{}
		for _, r := range parseLines(t, out) {
			got[r.name()], got[r.name()+" ndcg"] = r["settings"], r.number("ndcg@20")
		}
		return got
	}
	plain := run(map[string]any{})
	printed := map[string]any{}
	for name, s := range plain {
		if !strings.HasSuffix(name, " ndcg") {
			printed[name] = s
		}
	}
	again := run(printed)
	usual := map[string]any{
		"userknn": settings{"neighbors": 200.0, "similarity": "cosine", "weighting": "none", "power": 1.0},
		"nmf":     settings{"factors": 32.0},
		"bspm":    settings{"beta": 0.3},
		"turbocf": settings{"alpha": 0.5, "power": 0.8, "order": 1.0},
		"ease":    settings{"regularization": 200.0},
	}
	asked := run(usual)
	for name := range printed {
		if was, is := plain[name+" ndcg"], again[name+" ndcg"]; was != is {
			t.Errorf("%s: %v, with the settings printed %v (%v)", name, was, is, printed[name])
		}
	}
	for name, s := range usual {
		if was, is := plain[name+" ndcg"], asked[name+" ndcg"]; was == is {
			t.Errorf("%s: asked for %v it is the model of its defaults, %v", name, s, was)
		}
		for what, want := range s.(settings) {
			if got := asked[name].(map[string]any)[what]; got != want {
				t.Errorf("%s: %s is %v, want the %v asked for", name, what, got, want)
			}
		}
	}
}
