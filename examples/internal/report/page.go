package report

// Page is a whole report.
type Page struct {
	Title    string
	Intro    []string // paragraphs
	Sections []Section
}

// Section is one step of the work.
type Section struct {
	Title   string
	Meaning string // one plain sentence: what it means
	Action  string // one plain sentence: what to do
	Terms   []Term // explained on first use
	Figures []Figure
	Checks  []Check
	Tables  []Table
	Plots   []Plot
	Notes   []string // what to be careful about
}

// Term is a word of the trade with its explanation.
type Term struct{ Word, Meaning string }

// Figure is a headline number.
type Figure struct{ Label, Value, Note string }

// Verdict says whether a check came out as it should.
type Verdict int

// The verdicts.
const (
	Stated Verdict = iota // a comparison without a pass mark
	Good
	Poor
)

// Mark returns Good if ok, else Poor.
func Mark(ok bool) Verdict {
	if ok {
		return Good
	}
	return Poor
}

// Check compares what was recovered with what was planted.
type Check struct {
	What, Planted, Found string
	Verdict              Verdict
}

// Table is a small table. Columns beyond the first are right-aligned where their
// cells are numbers.
type Table struct {
	Caption string
	Columns []string
	Rows    [][]string
}

// PlotKind says how a Plot is drawn.
type PlotKind int

// The kinds of plot.
const (
	Lines PlotKind = iota // series over X, or over Labels where X is nil
	Bars                  // one bar for each label and series, lengths side by side
	Grid                  // a cell for each row (series) and column (label), darker is more
)

// Series is one line, one set of bars or one row of a grid. NaN is a gap.
type Series struct {
	Name   string
	Y      []float64
	Dashed bool // of a line: a yardstick rather than a measurement
}

// Plot is drawn as SVG. Desc says in words what it shows, for readers who cannot
// see it.
type Plot struct {
	Kind         PlotKind
	Title, Desc  string
	XName, YName string
	X            []float64 // of Lines
	Labels       []string  // of Bars and Grid, and of Lines without X
	Series       []Series
	Percent      bool // values are shares, written as per cent
	Zero         bool // the axis of Lines starts at 0
}
