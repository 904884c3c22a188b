package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

// planted is an algorithm whose lists are the better the nearer its settings are to a point: it
// gives the test items of a share of the users. Each fit first waits as delay says.
func planted(delay func()) algorithm {
	return algorithm{
		name: "planted",
		params: []param{
			logUniform("strength", 0, 0.01, 100).byFit(func(recommend.Model) (float64, bool) { return 20, true }),
			oneOf("kind", "a", "a", "b", "c"),
			uniform("tilt", 0.9, 0, 1).onlyIf("kind", "b"),
			logIntegers("factors", 8, 4, 64).doubling(),
		},
		starts: []settings{{}, {"kind": "b"}, {"strength": 1.0}},
		rank: func(ctx context.Context, x *recommend.Interactions, s settings, _ Env) (recommend.Model, error) {
			delay()
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			strength := s.float("strength")
			if strength == 0 {
				strength = 20
			}
			good := 0.3 + 0.3*math.Exp(-math.Pow(math.Log(strength/0.5), 2)/6) + 0.05*math.Log2(s.float("factors")/8)
			if s.text("kind") == "b" {
				good += 0.2 - math.Pow(s.float("tilt")-0.4, 2)
			}
			counts := make([]float32, x.Items())
			for u := range x.Users() {
				items, _ := x.Row(u)
				for _, i := range items {
					counts[i]++
				}
			}
			return recommend.NewFunc(x.Users(), x.Items(), func(dst []float32, q recommend.Query) error {
				sign := float32(1)
				if math.Mod(float64(q.User)*0.6180339887, 1) > good { // a share of the users gets the worst list
					sign = -1
				}
				for i, c := range counts {
					dst[i] = sign * c
				}
				return nil
			})
		},
	}
}

// popularMatrix is a problem of many users whose items are mostly the popular ones.
func popularMatrix(t *testing.T, users int) *problem {
	t.Helper()
	rows := make([][]int32, users)
	for u := range rows {
		for i := range int32(60) {
			if (u*31+int(i)*17+u*int(i)*7)%(4+int(i)*2) < 3 {
				rows[u] = append(rows[u], i)
			}
		}
	}
	x, err := recommend.InteractionsFromRows(60, rows)
	if err != nil {
		t.Fatal(err)
	}
	return &problem{task: ranking, items: 60, train: x}
}

var clocks = regexp.MustCompile(` in [0-9.]+s`)

// tuned searches and returns the outcome and the log without its times.
func tuned(t *testing.T, p *problem, a algorithm, c *config) (*tuning, string) {
	t.Helper()
	var log bytes.Buffer
	out, err := search(context.Background(), p, a, nil, c, &log)
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	return out, clocks.ReplaceAllString(log.String(), "")
}

// The same number of trials gives the same trials and the same result at any number of
// processors and on a machine that is slow now and then.
func TestTrialsDoNotDependOnTheMachine(t *testing.T) {
	p := popularMatrix(t, 14000)
	var first string
	var want *tuning
	n := 0
	for _, c := range []struct {
		threads int
		delay   func()
	}{
		{1, func() {}},
		{2, func() {}},
		{8, func() {}},
		{2, func() {
			if n++; n%3 == 0 {
				time.Sleep(time.Duration(n%7) * 3 * time.Millisecond)
			}
		}},
	} {
		out, log := tuned(t, p, planted(c.delay), &config{trials: 24, threads: c.threads, seed: 3, tune: time.Hour})
		if first == "" {
			first, want = log, out
			continue
		}
		if log != first || out.Settings.String() != want.Settings.String() || out.Score != want.Score || out.Work != want.Work {
			t.Errorf("%d threads: another search:\n%s\n%s", c.threads, log, first)
		}
	}
	for _, say := range []string{"first on a ninth, then on a third of the users", "on 1/9,", "again on 1/3,"} {
		if !strings.Contains(first, say) {
			t.Errorf("the log does not say %q:\n%s", say, first)
		}
	}
	if want.Trials != 24 || want.Stopped || want.Score <= want.Default || want.Settings.text("kind") != "b" || want.Work > 24 {
		t.Errorf("chose %+v", want)
	}
	if strings.Contains(first, "kind=a tilt") || !strings.Contains(first, "kind=b tilt") {
		t.Errorf("tilt is searched where it has no effect:\n%s", first)
	}
}

// The time of -tune ends a search early and says so; until then it is the longer search.
func TestTuneStopsEarly(t *testing.T) {
	p := popularMatrix(t, 3000)
	_, long := tuned(t, p, planted(func() {}), &config{trials: 12, threads: 1, seed: 3})
	out, log := tuned(t, p, planted(func() { time.Sleep(15 * time.Millisecond) }), &config{trials: 1000, tune: 150 * time.Millisecond, threads: 1, seed: 3})
	if !out.Stopped || out.Trials >= 1000 || !strings.Contains(log, "stopped by the time of -tune") {
		t.Errorf("%+v\n%s", out, log)
	}
	for i, line := range strings.Split(log, "\n") {
		if strings.Contains(line, ": trial ") && i < strings.Count(long, ": trial ") && line != strings.Split(long, "\n")[i] {
			t.Errorf("trial %q, in the longer search %q", line, strings.Split(long, "\n")[i])
		}
	}
	// A blend whose parts take all the time still has an answer, its defaults.
	code, out2, log2 := bench(t, append(args(t), "-algorithms", "blend", "-tune", "1ns", "-isolate=false", "-json", "-lists=false", "-k", "5")...)
	if code != 0 {
		t.Fatal(log2)
	}
	if s := parseLines(t, out2)[0]["tune"].(map[string]any); s["stopped"] != true || s["score"] != s["default"] {
		t.Errorf("blend: %v\n%s", s, log2)
	}
	if out, log = tuned(t, p, planted(func() { time.Sleep(time.Millisecond) }), &config{tune: time.Nanosecond, threads: 1, seed: 3}); out.Settings.text("kind") != "a" || out.Score != out.Default || out.Trials > 2 {
		t.Errorf("no time at all: %+v\n%s", out, log)
	}
}

func args(t *testing.T) []string {
	train, test := toy(t)
	return []string{"-train", train, "-test", test}
}

// Settings that are better than the defaults by no more than chance do not replace them.
func TestDefaultsStayWhereNothingIsBetter(t *testing.T) {
	def, other := settings{"x": 1.0}, settings{"x": 2.0}
	even := func(gain float64) []float64 {
		out := make([]float64, 400)
		for u := range out {
			out[u] = 0.2
			if u%2 == 0 {
				out[u] += gain
			} else {
				out[u] -= gain
			}
		}
		return out
	}
	for _, c := range []struct {
		name  string
		shift float64
		want  settings
	}{{"by chance", 0.001, def}, {"clearly", 0.02, other}, {"equal", 0, def}, {"worse", -0.02, def}} {
		users := even(0.1)
		for u := range users {
			users[u] += c.shift
		}
		// The defaults are judged first, and what is tried afterwards, as a search does.
		j := &judge{a: algorithm{name: "a"}, log: io.Discard, numbers: map[string]int{}}
		j.keep(judged{def, 0.2, even(0)})
		j.keep(judged{other, 0.2 + c.shift, users})
		out, err := j.choose(def, 0)
		if err != nil || out.Settings.String() != c.want.String() || out.Score < out.Default {
			t.Errorf("%s: %+v, %v", c.name, out, err)
		}
	}
	// Of noise alone, too: whatever is searched, the defaults win or are beaten in validation.
	train, test := toy(t)
	for _, name := range []string{"popular", "itemknn", "als", "rp3beta", "ease", "blend"} {
		code, out, log := bench(t, "-train", train, "-test", test, "-algorithms", name, "-trials", "6", "-isolate=false", "-json", "-lists=false", "-k", "5")
		if code != 0 {
			t.Fatal(log)
		}
		s := parseLines(t, out)[0]["tune"].(map[string]any)
		if s["score"].(float64) < s["default"].(float64) || s["default"].(float64) <= 0 || s["stopped"] != false || s["work"].(float64) <= 0 {
			t.Errorf("%s: %v", name, s)
		}
	}
}

// A share of the users is nested in a larger one, and holds their rows as they are.
func TestShare(t *testing.T) {
	p := popularMatrix(t, 900)
	v, err := p.validation(1)
	if err != nil {
		t.Fatal(err)
	}
	ninth, err1 := v.share(1.0/9, 1)
	third, err2 := v.share(1.0/3, 1)
	if err1 != nil || err2 != nil || ninth.train.Users() != 100 || third.train.Users() != 300 || third.test.Users() != 300 {
		t.Fatalf("%v, %v", err1, err2)
	}
	rows := map[string]int{}
	for u := range third.train.Users() {
		a, _ := third.train.Row(u)
		b, _ := third.test.Row(u)
		rows[fmt.Sprint(a, b)]++
	}
	for u := range ninth.train.Users() {
		a, _ := ninth.train.Row(u)
		b, _ := ninth.test.Row(u)
		if rows[fmt.Sprint(a, b)]--; rows[fmt.Sprint(a, b)] < 0 {
			t.Fatalf("user %d of the ninth is not in the third", u)
		}
	}
	again, err := v.share(1.0/3, 1)
	if err != nil || again.train.Len() != third.train.Len() {
		t.Errorf("another draw, %v", err)
	}
	v.sampleNegatives(9, 1)
	few, err := v.share(1.0/3, 1)
	if err != nil || few.cases.Len() == 0 {
		t.Fatal(err)
	}
	for k, u := range few.cases.User {
		if !few.test.Has(int(u), few.cases.Item[k]) || len(few.cases.Negative(k)) == 0 || slices.ContainsFunc(few.cases.Negative(k), func(i int32) bool { return few.train.Has(int(u), i) }) {
			t.Fatalf("case %d is not one of user %d", k, u)
		}
	}
}

// On real data, thirty trials reach 98 % of a search of four times the work, in validation and,
// less exactly, on the test part.
func TestTrialsOnSharedData(t *testing.T) {
	if os.Getenv("AISLE_LONG") == "" {
		t.Skip("AISLE_LONG is not set")
	}
	train, test := testkit.Shared(t, "data", "ml-100k", "ua.base.gz"), testkit.Shared(t, "data", "ml-100k", "ua.test.gz")
	pinned := write(t, "s.json", `{"als": {"factors": 32}}`) // long vectors take their time and are no help here
	for _, name := range []string{"rp3beta", "itemknn", "als"} {
		var score, recall, work [2]float64
		for n, trials := range []string{"30", "120"} {
			code, out, log := bench(t, "-train", train, "-test", test, "-algorithms", name, "-trials", trials, "-settings", pinned, "-k", "20", "-json", "-lists=false", "-isolate=false")
			if code != 0 {
				t.Fatal(log)
			}
			r := parseLines(t, out)[0]
			s := r["tune"].(map[string]any)
			score[n], work[n], recall[n] = s["score"].(float64), s["work"].(float64), r.number("recall@20")
			if score[n] < s["default"].(float64) {
				t.Errorf("%s: below its defaults: %v", name, s)
			}
		}
		t.Logf("%s: validation %.4f and %.4f, recall@20 %.4f and %.4f, work %.1f and %.1f", name, score[0], score[1], recall[0], recall[1], work[0], work[1])
		if score[0] < 0.98*score[1] || work[0] > 0.27*work[1] {
			t.Errorf("%s: 30 trials reach %v of what 120 do with %v of the work", name, score[0]/score[1], work[0]/work[1])
		}
	}
}
