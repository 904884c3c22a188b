package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aislekit/aisle/examples/dataio"
)

// The parent asks a child for one step of one algorithm: "tune als" or "run
// als". The child's settings come in stepSettings.
const (
	stepEnv      = "AISLE_BENCHMARK_STEP"
	matrixEnv    = "AISLE_BENCHMARK_MATRIX"
	settingsEnv  = "AISLE_BENCHMARK_SETTINGS"
	quietEnv     = "AISLE_BENCHMARK_QUIET"
	exitFailed   = 1
	exitUnusable = 2
)

type config struct {
	train, test, negatives string
	matrix                 string // the one at work
	matrices, from         list
	task                   task
	format                 dataio.Format
	algorithms             string
	settings               string
	tune                   time.Duration
	trials                 int
	measure                string // that a search is for; "" for the usual one of the task
	defaults               bool
	ks                     []int
	seed                   uint64
	threads, repeat        int
	lists                  bool
	json                   bool
	plots                  string
	strict                 bool
	isolate                bool
	holdout                float64
	last                   bool
	weights                string
	quiet                  bool
	rejects                float64
	models                 []algorithm // to choose from
}

// list is a flag that may be given several times.
type list []string

// String joins the values.
func (l *list) String() string { return strings.Join(*l, " ") }

// Set adds a value.
func (l *list) Set(s string) error {
	*l = append(*l, s)
	return nil
}

// searches reports whether settings are searched.
func (c *config) searches() bool { return c.tune > 0 || c.trials > 0 }

// Main is a whole program: the command line that the package comment describes, with
// the given models to choose from. It ends the process with the exit status.
func Main(models ...Model) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := Run(ctx, os.Args[1:], os.Stdout, os.Stderr, models...)
	stop()
	os.Exit(code)
}

// parse reads the command line.
func parse(args []string, stderr io.Writer, models []algorithm) (*config, error) {
	c := &config{models: models}
	fs := flag.NewFlagSet("benchmark", flag.ContinueOnError)
	fs.SetOutput(stderr)
	var taskName, format, ks string
	fs.StringVar(&c.train, "train", "", "training `file`, maybe gzipped")
	fs.StringVar(&c.test, "test", "", "test `file` of the same layout")
	fs.StringVar(&c.negatives, "negatives", "", "`file` of sampled negatives, \"(user,item) item item …\" a line: rank among these only")
	fs.Var(&c.matrices, "matrix", "raw matrix `prefix` (.meta.json, .indptr.i64, .indices.i32, .data.f32), or synth:USERS,ITEMS,ENTRIES[,SEED], instead of -train and -test; may be given several times")
	fs.Var(&c.from, "from", "`file` of lines that -json wrote, to be shown with those of this run; may be given several times, and without data")
	fs.IntVar(&c.repeat, "repeat", 1, "measure each algorithm this `often`; times are medians, the peak is the largest")
	fs.BoolVar(&c.lists, "lists", true, "measure the speed of top-10 lists too")
	fs.StringVar(&taskName, "task", "ranking", "ranking, rating or session")
	fs.StringVar(&format, "format", "auto", "auto, adjacency, triples or sessions")
	fs.StringVar(&c.algorithms, "algorithms", "all", "comma-separated `names`, or all: "+strings.Join(names(models), " "))
	fs.StringVar(&c.settings, "settings", "", "JSON `file`, {\"als\": {\"factors\": 64}}; with -tune these stay as they are")
	fs.IntVar(&c.trials, "trials", 0, "each algorithm chooses its settings in this `many` trials on a part of the training data, the same on every machine; 30")
	fs.StringVar(&c.measure, "measure", "", "what -trials and -tune search for, ndcg@20, recall@10, …, p@20 or mrr@20 of sessions, rmse or mae of ratings; default ndcg@20, with -negatives ndcg@ the first of -k, mrr@20 of sessions, rmse")
	fs.BoolVar(&c.defaults, "defaults", false, "with -trials or -tune, measure the defaults too, in a row of their own")
	fs.DurationVar(&c.tune, "tune", 0, "`time` after which the choice of settings ends, with -trials or without; 3m")
	fs.StringVar(&ks, "k", "10,20", "lengths of lists")
	fs.Uint64Var(&c.seed, "seed", 1, "drives everything random")
	fs.IntVar(&c.threads, "threads", 0, "processors to use; 0 means all")
	fs.BoolVar(&c.json, "json", false, "one JSON object a line instead of a table")
	fs.StringVar(&c.plots, "plots", "", "write SVG charts into this `directory`")
	fs.BoolVar(&c.strict, "strict", false, "stop at the first malformed line instead of counting it")
	fs.Float64Var(&c.rejects, "rejects", 0.5, "largest `share` of the lines of a file that may be rejected")
	fs.BoolVar(&c.isolate, "isolate", true, "run each algorithm in a process of its own")
	fs.Float64Var(&c.holdout, "holdout", 0, "without a test file: random `share` of the training entries to test on; 0 measures speed only")
	fs.BoolVar(&c.last, "last", false, "for -task session: a line of -train is a user and its items in order; test on the last item, train on all but the last two, leave out items the user has")
	fs.StringVar(&c.weights, "weights", "auto", "for ranking, weigh an entry one or by its value; auto: one for text files, value for -matrix")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	i := slices.Index(taskNames, taskName)
	if i < 0 {
		return nil, fmt.Errorf("-task is %q, want ranking, rating or session", taskName)
	}
	c.task = task(i)
	var err error
	if c.format, err = dataio.ParseFormat(format); err != nil {
		return nil, fmt.Errorf("-%w", err)
	}
	for _, s := range strings.Split(ks, ",") {
		k, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil || k < 1 || k > 10000 {
			return nil, fmt.Errorf("-k is %q, want numbers from 1 to 10000, 10,20", ks)
		}
		c.ks = append(c.ks, k)
	}
	slices.Sort(c.ks)
	c.ks = slices.Compact(c.ks)
	if c.threads == 0 {
		c.threads = runtime.NumCPU()
	}
	if len(c.matrices) > 0 {
		c.matrix = c.matrices[0]
	}
	return c, c.validate()
}

// validate reports the first flag that makes no sense or does not go with another.
func (c *config) validate() error {
	switch {
	case c.matrix != "" && (c.train != "" || c.test != "" || c.negatives != ""):
		return errors.New("-matrix stands alone, without -train, -test and -negatives")
	case c.matrix == "" && c.train == "" && len(c.from) > 0:
		return nil
	case c.matrix == "" && c.train == "":
		return errors.New("-train FILE -test FILE, or -matrix PREFIX, is needed")
	case c.repeat < 1 || c.repeat > 1000:
		return fmt.Errorf("-repeat is %d, want 1 to 1000", c.repeat)
	case c.last && (c.task != session || c.test != "" || c.holdout != 0):
		return errors.New("-last is for -task session without -test and -holdout")
	case c.matrix == "" && c.test == "" && c.holdout == 0 && !c.last:
		return errors.New("-test FILE is needed (or -holdout 0.2 for a random part of the training file)")
	case c.matrix != "" && c.task != ranking:
		return fmt.Errorf("-matrix is for -task ranking, not %v", c.task)
	case c.test != "" && c.holdout != 0:
		return errors.New("-holdout is for runs without -test")
	case c.negatives != "" && (c.task != ranking || c.test == ""):
		return errors.New("-negatives needs -task ranking and -test")
	case !(c.holdout >= 0 && c.holdout < 1):
		return fmt.Errorf("-holdout is %v, want in [0, 1)", c.holdout)
	case !(c.rejects >= 0 && c.rejects <= 1):
		return fmt.Errorf("-rejects is %v, want in [0, 1]", c.rejects)
	case c.threads < 1 || c.threads > 1024:
		return fmt.Errorf("-threads is %d, want 1 to 1024", c.threads)
	case c.tune < 0 || c.trials < 0:
		return errors.New("-tune and -trials want no negative value")
	case !c.searches() && (c.measure != "" || c.defaults):
		return errors.New("-measure and -defaults go with -trials or -tune")
	case !slices.Contains([]string{"auto", "one", "value"}, c.weights):
		return fmt.Errorf("-weights is %q, want auto, one or value", c.weights)
	case c.task == session && c.format != dataio.Auto && c.format != dataio.SessionsFormat:
		return fmt.Errorf("-task session reads -format sessions, not %v", c.format)
	case c.task != session && c.format == dataio.SessionsFormat:
		return fmt.Errorf("-format sessions is for -task session, not %v", c.task)
	}
	if c.measure != "" {
		if _, _, err := wanted(c.task, c.measure); err != nil {
			return err
		}
	}
	return nil
}

// Run is Main with everything passed in; it returns the exit status. It sets GOMAXPROCS,
// and starts this program again for each algorithm unless -isolate=false: a program that
// calls it has to call it with the arguments of its own command line.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer, models ...Model) int {
	fail := func(code int, err error) int {
		fmt.Fprintf(stderr, "benchmark: %v\n", err)
		return code
	}
	known, err := algorithms(models)
	if err != nil {
		return fail(exitUnusable, err)
	}
	c, err := parse(args, stderr, known)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return fail(exitUnusable, err)
	}
	runtime.GOMAXPROCS(c.threads)
	c.quiet = os.Getenv(quietEnv) != ""
	chosen, err := choose(known, c.algorithms, c.task)
	if err != nil {
		return fail(exitUnusable, err)
	}
	given, err := c.given(chosen)
	if err != nil {
		return fail(exitUnusable, err)
	}
	if step := os.Getenv(stepEnv); step != "" {
		return child(ctx, c, step, stdout, stderr)
	}
	rows, err := earlier(c.from)
	if err != nil {
		return fail(exitUnusable, err)
	}
	code := 0
	for m := range max(len(c.matrices), 1) {
		if c.matrix == "" && c.train == "" {
			break // only -from
		}
		if len(c.matrices) > 0 {
			c.matrix = c.matrices[m]
		}
		worker, err := c.worker(args, m, stderr)
		if err != nil {
			return fail(exitUnusable, err)
		}
		more, failed, err := c.all(ctx, worker, chosen, given, stdout, stderr)
		var u unusable
		if errors.As(err, &u) {
			return exitUnusable // said by the child
		}
		if err != nil {
			return fail(exitFailed, err)
		}
		rows = append(rows, more...)
		if failed {
			code = exitFailed
		}
	}
	if err := c.show(stdout, rows); err != nil {
		return fail(exitFailed, err)
	}
	return code
}

// show writes what was measured as a table and as plots, as far as asked for.
func (c *config) show(stdout io.Writer, rows []result) error {
	if len(rows) == 0 {
		return nil
	}
	if !c.json {
		table(stdout, c.task, c.ks, rows)
	}
	if c.plots == "" {
		return nil
	}
	return writePlots(c.plots, c.task, c.ks, rows)
}

// given returns the settings that -settings pins, checked against the algorithms.
func (c *config) given(chosen []algorithm) (map[string]settings, error) {
	given := map[string]settings{}
	if c.settings != "" {
		var err error
		if given, err = readSettings(c.settings, c.models); err != nil {
			return nil, err
		}
	}
	for _, a := range chosen {
		if _, err := complete(a.settingsOf(c.task), given[a.name]); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", c.settings, a.name, err)
		}
	}
	return given, nil
}

// worker returns what does the steps on data set m.
func (c *config) worker(args []string, m int, stderr io.Writer) (stepper, error) {
	if c.isolate {
		return newProcesses(args, m, stderr)
	}
	return newInProcess(c, stderr)
}

// all runs the algorithms on one data set. One that fails is named on stderr and left
// out; an error ends the run.
func (c *config) all(ctx context.Context, worker stepper, chosen []algorithm, given map[string]settings, stdout, stderr io.Writer) (rows []result, failed bool, err error) {
	for _, a := range chosen {
		lines, err := one(ctx, worker, c, a, given[a.name])
		if err != nil {
			var u unusable
			switch {
			case ctx.Err() != nil:
				return nil, true, context.Cause(ctx)
			case errors.As(err, &u):
				return nil, true, err
			}
			fmt.Fprintf(stderr, "benchmark: %s: %v\n", a.name, err)
			failed = true
			continue
		}
		for _, line := range lines {
			if c.json {
				if _, err := stdout.Write(line); err != nil {
					return nil, true, err
				}
			}
			var r result
			if err := json.Unmarshal(line, &r); err != nil {
				return nil, true, err
			}
			rows = append(rows, r)
		}
	}
	return rows, failed, nil
}

// stepper does the steps of an algorithm, here or in other processes.
type stepper interface {
	tune(ctx context.Context, a algorithm, pinned settings) (*tuning, error)
	measure(ctx context.Context, a algorithm, s settings, t *tuning) ([]byte, error)
}

// one chooses settings, if asked to, and returns the JSON line of an algorithm; with
// -defaults another one, of the settings that the search began with.
func one(ctx context.Context, w stepper, c *config, a algorithm, given settings) ([][]byte, error) {
	s, err := complete(a.settingsOf(c.task), given)
	if err != nil {
		return nil, err
	}
	repeated := func(s settings, t *tuning) ([]byte, error) {
		lines := make([][]byte, c.repeat)
		for k := range lines {
			var err error
			if lines[k], err = w.measure(ctx, a, s, t); err != nil {
				return nil, err
			}
		}
		return medians(lines)
	}
	if !c.searches() {
		line, err := repeated(s, nil)
		return [][]byte{line}, err
	}
	t, err := w.tune(ctx, a, given)
	if err != nil {
		return nil, err
	}
	line, err := repeated(t.Settings, t)
	if err != nil || !c.defaults {
		return [][]byte{line}, err
	}
	untuned, err := repeated(s, nil)
	if err != nil {
		return nil, err
	}
	return [][]byte{line, append(bytes.TrimSuffix(untuned, []byte("}\n")), ",\"defaults\":true}\n"...)}, nil
}

// inProcess does everything here, on data read once.
type inProcess struct {
	c   *config
	p   *problem
	log io.Writer
}

func newInProcess(c *config, log io.Writer) (*inProcess, error) {
	p, err := load(c, log)
	return &inProcess{c, p, log}, err
}

func (w *inProcess) tune(ctx context.Context, a algorithm, pinned settings) (*tuning, error) {
	return search(ctx, w.p, a, pinned, w.c, w.log)
}

func (w *inProcess) measure(ctx context.Context, a algorithm, s settings, t *tuning) ([]byte, error) {
	r, err := measure(ctx, w.p, a, s, w.c, w.log)
	if err != nil {
		return nil, err
	}
	r.tuning = t
	return r.line(w.c.ks)
}

// processes runs each step in a child, so that the memory of one neither adds
// to that of another nor leaves garbage behind.
type processes struct {
	exe    string
	args   []string
	matrix int
	log    io.Writer
	quiet  bool
}

// unusable marks a failure that every algorithm would meet.
type unusable struct{ error }

func newProcesses(args []string, matrix int, log io.Writer) (*processes, error) {
	exe, err := os.Executable()
	return &processes{exe: exe, args: args, matrix: matrix, log: log}, err
}

// handover is what a child gets besides the command line.
type handover struct {
	Settings settings `json:"settings"`
	Tuning   *tuning  `json:"tuning"`
}

// step runs one step in a process of its own and returns what that wrote, so that the peak
// of memory is that of this step alone.
func (w *processes) step(ctx context.Context, what string, h handover) ([]byte, error) {
	raw, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, w.exe, w.args...)
	cmd.Env = append(os.Environ(), stepEnv+"="+what, settingsEnv+"="+string(raw), matrixEnv+"="+strconv.Itoa(w.matrix))
	if w.quiet {
		cmd.Env = append(cmd.Env, quietEnv+"=1")
	}
	cmd.Stderr = w.log
	out, err := cmd.Output()
	w.quiet = true // rejected lines are shown once
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == exitUnusable {
		return nil, unusable{err}
	}
	if err != nil {
		return nil, fmt.Errorf("its process: %w", err)
	}
	return out, nil
}

func (w *processes) tune(ctx context.Context, a algorithm, pinned settings) (*tuning, error) {
	out, err := w.step(ctx, "tune "+a.name, handover{Settings: pinned})
	if err != nil {
		return nil, err
	}
	var t tuning
	return &t, json.Unmarshal(out, &t)
}

func (w *processes) measure(ctx context.Context, a algorithm, s settings, t *tuning) ([]byte, error) {
	return w.step(ctx, "run "+a.name, handover{s, t})
}

// child does one step and writes its outcome to stdout.
func child(ctx context.Context, c *config, step string, stdout, stderr io.Writer) int {
	say := func(code int, err error) int {
		fmt.Fprintf(stderr, "benchmark: %v\n", err)
		return code
	}
	what, name, _ := strings.Cut(step, " ")
	var h handover
	if err := json.Unmarshal([]byte(os.Getenv(settingsEnv)), &h); err != nil {
		return say(exitUnusable, err)
	}
	have := c.models
	i := slices.IndexFunc(have, func(a algorithm) bool { return a.name == name })
	if i < 0 {
		return say(exitUnusable, fmt.Errorf("no algorithm %q", name))
	}
	if m, err := strconv.Atoi(os.Getenv(matrixEnv)); err == nil && m >= 0 && m < len(c.matrices) {
		c.matrix = c.matrices[m]
	}
	w, err := newInProcess(c, stderr)
	if err != nil {
		return say(exitUnusable, err)
	}
	out := bufio.NewWriter(stdout)
	if what == "tune" {
		t, err := w.tune(ctx, have[i], h.Settings)
		if err != nil {
			return say(exitFailed, err)
		}
		raw, err := json.Marshal(t)
		if err != nil {
			return say(exitFailed, err)
		}
		_, _ = out.Write(raw)
	} else {
		line, err := w.measure(ctx, have[i], h.Settings, h.Tuning)
		if err != nil {
			return say(exitFailed, err)
		}
		_, _ = out.Write(line)
	}
	if err := out.Flush(); err != nil {
		return say(exitFailed, err)
	}
	return 0
}
