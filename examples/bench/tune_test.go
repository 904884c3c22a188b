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

	"github.com/aislekit/aisle/examples/dataio"
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
	who := make([]int32, 400)
	for u := range who {
		who[u] = int32(u)
	}
	for _, c := range []struct {
		name  string
		shift float64
		want  settings
	}{{"by chance", 0.001, def}, {"by one and a half standard errors", 0.0075, def}, {"by two and a half", 0.0125, other}, {"clearly", 0.02, other}, {"equal", 0, def}, {"worse", -0.02, def}} {
		users := even(0.1)
		for u := range users {
			users[u] += c.shift
		}
		// The defaults are judged first, and what is tried afterwards, as a search does.
		j := &judge{a: algorithm{name: "a"}, log: io.Discard, numbers: map[string]int{}}
		j.keep(judged{def, 0.2, even(0), who})
		j.keep(judged{other, 0.2 + c.shift, users, who})
		out, err := j.choose(def, 0)
		if err != nil || out.Settings.String() != c.want.String() || out.Score < out.Default {
			t.Errorf("%s: %+v, %v", c.name, out, err)
		}
	}
	// Of noise alone, too: whatever is searched, the defaults win or are beaten in validation.
	train, test := toy(t)
	names := []string{"popular", "itemknn", "als", "rp3beta", "ease", "blend"}
	if testkit.Race {
		names = names[:3]
	}
	for _, name := range names {
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

// Five cuts of the same users are not five times as many users: the error of the difference is
// that of the users, whatever each cut adds; of one user nothing follows.
func TestPairedCountsUsersOnce(t *testing.T) {
	var a, b []float64
	var who []int32
	for range 5 {
		for u := range int32(100) {
			a, b, who = append(a, 0.5+0.1*float64(u%3)), append(b, 0.5), append(who, u)
		}
	}
	once, se1 := paired(a[:100], b[:100], who[:100])
	mean, se := paired(a, b, who)
	if math.Abs(mean-once) > 1e-12 || math.Abs(se-se1) > 1e-12 || !(se > 0.007) {
		t.Errorf("five cuts %v ± %v, one %v ± %v", mean, se, once, se1)
	}
	for i := range who {
		who[i] = int32(i) // as if each were a user of its own
	}
	if _, apart := paired(a, b, who); math.Abs(apart*math.Sqrt(5)-se) > 0.01*se {
		t.Errorf("five times as many users: %v, want %v", apart, se/math.Sqrt(5))
	}
	if _, se := paired([]float64{1, 2}, []float64{0, 0}, []int32{7, 7}); !math.IsInf(se, 1) {
		t.Errorf("one user: standard error %v", se)
	}
	// A search hands over the users of its cuts, and the sessions of its cases.
	p := popularMatrix(t, 900)
	j, err := newJudge(p, planted(func() {}), &config{seed: 3, threads: 1}, io.Discard)
	if err != nil || len(j.cuts) != 5 {
		t.Fatalf("%v, %d cuts", err, len(j.cuts))
	}
	def, err := complete(j.a.params, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.judge(context.Background(), def, 1); err != nil {
		t.Fatal(err)
	}
	users := map[int32]int{}
	for _, u := range j.first.who {
		users[u]++
	}
	if len(j.first.who) != len(j.first.users) || len(users) > 900 || users[j.first.who[0]] != 5 {
		t.Errorf("%d results of %d users, %d of the first", len(j.first.users), len(users), users[j.first.who[0]])
	}
	s := &dataio.Sessions{Ptr: []int64{0, 3, 6, 9, 12}, Items: []int32{0, 1, 2, 2, 1, 0, 0, 2, 1, 1, 0, 2}}
	ps := &problem{task: session, items: 3}
	ps.sessions, ps.sessionsTest, ps.sessionOf = splitSessions(s, 0.5, 100)
	if _, who, _ := ps.questions(0, 1); !slices.Equal(who, []int32{2, 2, 3, 3}) {
		t.Errorf("cases are of sessions %v", who)
	}
}

// A search is for the measure of -measure, and its row of the defaults is measured beside it:
// also where the test part was drawn by the same seed as the validation part would be.
func TestMeasureAndDefaults(t *testing.T) {
	train, test := toy(t)
	for task, names := range map[string][]string{
		"ranking": {"ndcg@20", "recall@7", "hitrate@5", "precision@5", "map@5", "mrr@10"},
		"session": {"p@5", "mrr@20", "ndcg@3"},
		"rating":  {"rmse", "mae"},
	} {
		for _, name := range names {
			data, what := []string{"-train", train, "-holdout", "0.3"}, "itemknn"
			switch task {
			case "session":
				data, what = []string{"-task", "session", "-train", write(t, "s.txt", strings.Repeat("1 2 3\n2 3 4 1\n3 1 2\n", 30)), "-holdout", "0.2"}, "markov"
			case "rating":
				data, what = []string{"-task", "rating", "-train", write(t, "r.txt", ratings()), "-holdout", "0.2"}, "mf"
			}
			code, out, log := bench(t, append(data, "-algorithms", what, "-trials", "3", "-measure", name, "-defaults", "-isolate=false", "-json", "-lists=false", "-k", "5", "-threads", "1")...)
			if code != 0 {
				t.Fatalf("%s: %s", name, log)
			}
			rows := parseLines(t, out)
			s := rows[0]["tune"].(map[string]any)
			worse := result(s).number("best") < result(s).number("default")
			if task == "rating" {
				worse = result(s).number("best") > result(s).number("default")
			}
			if s["measure"] != name || worse || !(result(s).number("default") > 0) {
				t.Errorf("%s: %v", name, s)
			}
			if len(rows) != 2 || rows[1]["defaults"] != true || rows[1]["tune"] != nil || rows[1].name() != what+" (defaults)" || rows[0]["defaults"] != nil {
				t.Errorf("%s: rows %v", name, rows)
			}
		}
	}
	// Other measures, other searches: what is judged is what was asked for.
	_, one, _ := bench(t, "-train", train, "-test", test, "-algorithms", "itemknn", "-trials", "1", "-measure", "hitrate@1", "-isolate=false", "-json", "-lists=false")
	_, two, _ := bench(t, "-train", train, "-test", test, "-algorithms", "itemknn", "-trials", "1", "-measure", "recall@30", "-isolate=false", "-json", "-lists=false")
	a, b := parseLines(t, one)[0]["tune"].(map[string]any)["default"], parseLines(t, two)[0]["tune"].(map[string]any)["default"]
	if a == b {
		t.Errorf("hitrate@1 and recall@30 are both %v", a)
	}
	for _, bad := range [][]string{
		{"-trials", "2", "-measure", "coverage@20"},
		{"-trials", "2", "-measure", "ndcg"},
		{"-trials", "2", "-measure", "ndcg@x"},
		{"-trials", "2", "-measure", "rmse"},
		{"-trials", "2", "-measure", "p@20"},
		{"-measure", "ndcg@20"},
		{"-defaults"},
	} {
		if code, _, log := bench(t, append([]string{"-train", train, "-test", test, "-algorithms", "popular"}, bad...)...); code != exitUnusable || !strings.Contains(log, "-measure") {
			t.Errorf("%v: exit %d, %s", bad, code, log)
		}
	}
	// The table says it in words, and whether popularity is all there is.
	code, out, log := bench(t, "-train", train, "-test", test, "-algorithms", "popular,itemknn", "-trials", "3", "-defaults", "-isolate=false", "-lists=false")
	if code != 0 || strings.Count(out, "itemknn (defaults)") != 3 || strings.Count(out, "ndcg@20 in validation: defaults 0.") != 2 ||
		strings.Count(out, "beyond popularity: ") != 1 || !strings.Contains(out, "there is more to learn than what is popular") {
		t.Errorf("exit %d, %s\n%s", code, out, log)
	}
	var said strings.Builder
	for _, r := range []result{{"beyond_popularity": 0.5, "beyond_popularity_margin": 0.02}, {"beyond_popularity": 0.52, "beyond_popularity_margin": 0.1, "matrix": "M"}, {"algorithm": "markov"}} {
		beyond(&said, []result{r})
	}
	if want := "beyond popularity: 0.500 ± 0.020 of ½ to 1, popularity is all there is, defaults go by it\n" +
		"beyond popularity M: 0.520 ± 0.100 of ½ to 1, not known whether there is more to learn than what is popular\n"; said.String() != want {
		t.Errorf("says %s", said.String())
	}
}

// ratings are triples of users who differ and of items that differ.
func ratings() string {
	var b strings.Builder
	for u := range 30 {
		for i := range 20 {
			if (u*7+i*3)%5 < 3 {
				fmt.Fprintf(&b, "%d\t%d\t%d\n", u, i, 1+(u+i*i)%5)
			}
		}
	}
	return b.String()
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
