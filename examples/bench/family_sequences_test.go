package bench

import (
	"io"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/examples/dataio"
)

// After 1 comes 2, after 2 comes 3, though all are as frequent.
func TestOrderedSessions(t *testing.T) {
	train := write(t, "train", "1 2 3\n2 3 1\n1 2\n3 4\n2 3\n")
	test := write(t, "test", "3 1\t2\n1 2\t3\n1 2 2\t3\n9\t1\n")
	code, out, log := bench(t, "-task", "session", "-train", train, "-test", test, "-k", "1", "-isolate=false", "-algorithms", "vsknn,stan,markov,sessionblend", "-json")
	if code != 0 {
		t.Fatal(log)
	}
	for _, row := range parseLines(t, out) {
		name := row["algorithm"]
		if got := row.number("p@1"); name == "markov" && math.Abs(got-0.75) > 1e-6 || got > 0.75+1e-6 {
			t.Errorf("%v: p@1 is %v", name, got)
		}
	}
}

// Validation takes the last sessions, as tests do.
func TestSplitSessions(t *testing.T) {
	s := &dataio.Sessions{Ptr: []int64{0}}
	for k := range 20 {
		s.Items = append(s.Items, int32(k), int32(k), int32(k))
		s.Ptr = append(s.Ptr, int64(len(s.Items)))
	}
	train, test, _ := splitSessions(s, 0.2, 1000)
	if train.Len() != 16 || test.Len() != 8 || train.Session(15)[0] != 15 {
		t.Errorf("%d sessions and %d cases", train.Len(), test.Len())
	}
	if !slices.Equal(test.Session(0), []int32{16, 16}) || test.Target[7] != 19 {
		t.Errorf("first case %v, last target %d", test.Session(0), test.Target[7])
	}
	if train, test, _ = splitSessions(s, 0.2, 4); train.Len() != 18 || test.Len() != 4 {
		t.Errorf("at most four cases: %d sessions and %d cases", train.Len(), test.Len())
	}
}

// Histories: the last item is the test, the one before stays out of training, and
// nothing is recommended twice.
func TestHistories(t *testing.T) {
	train := write(t, "train", "7 1 2 3 4\n8 1 2 3 5\n9 6 1 2 3\n10 1 2\n")
	c, err := parse([]string{"-task", "session", "-last", "-train", train}, io.Discard, registry())
	if err != nil {
		t.Fatal(err)
	}
	p, err := load(c, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if p.items != 6 || p.sessions.Len() != 4 || p.sessionsTest.Len() != 3 {
		t.Fatalf("%d items, %d histories, %d cases", p.items, p.sessions.Len(), p.sessionsTest.Len())
	}
	if !slices.Equal(p.sessions.Session(0), []int32{0, 1}) || !slices.Equal(p.sessionsTest.Session(1), []int32{0, 1, 2}) || p.sessionsTest.Target[1] != 4 {
		t.Errorf("training %v, case %v, target %d", p.sessions.Session(0), p.sessionsTest.Session(1), p.sessionsTest.Target[1])
	}
	ask, _, _ := p.questions(0, 1)
	if q := ask(1); !slices.Equal(q.Filter.Items, []int32{0, 1, 2}) {
		t.Errorf("left out: %v", q.Filter.Items)
	}
	v, err := p.validation(1)
	if err != nil || v.sessionsTest.Len() != 4 || v.sessions.Session(0)[0] != 0 || len(v.sessions.Session(0)) != 1 || !v.last {
		t.Errorf("validation of %d cases, %v", v.sessionsTest.Len(), err)
	}
	code, out, log := bench(t, "-task", "session", "-last", "-train", train, "-k", "10", "-isolate=false", "-algorithms", "markov,item2vec,nextbasket", "-json")
	if code != 0 || len(parseLines(t, out)) != 3 {
		t.Errorf("exit %d: %s", code, log)
	}
	if code, _, _ := bench(t, "-task", "session", "-last", "-train", train, "-test", train); code != exitUnusable {
		t.Errorf("-last with -test: exit %d", code)
	}
}
