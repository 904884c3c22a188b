package bench

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/tune"
)

// settings are the options of one algorithm as they stand in JSON: float64,
// string or bool by name.
type settings map[string]any

func (s settings) float(name string) float64 { return s[name].(float64) }
func (s settings) int(name string) int       { return int(s[name].(float64)) }
func (s settings) text(name string) string   { return s[name].(string) }
func (s settings) flag(name string) bool     { return s[name].(bool) }

// kind is the type of a parameter.
type kind int

const (
	real kind = iota
	integer
	choice
	boolean
)

// param is one setting: its default, and the range that -tune searches. A range
// says where good values were found before; settings outside it are allowed.
type param struct {
	name    string
	kind    kind
	def     any
	lo, hi  float64 // no search when equal
	log     bool    // search on a logarithmic scale
	choices []string
	search  []string // the choices worth searching; nil means all
	late    bool     // keeps its default while the ranges are sampled
	doubles bool     // more costs more and may help: doubled now and then

	when func(s settings) bool // whether it has an effect; nil: always

	// auto marks a parameter whose 0 stands for what the fit takes by itself; said, where there
	// is one, asks a fitted model what that was.
	auto bool
	said func(m recommend.Model) (value float64, ok bool)
}

func (p param) tuned() bool { return p.hi > p.lo || len(p.options()) > 1 || p.kind == boolean }

func (p param) options() []string {
	if p.search != nil {
		return p.search
	}
	return p.choices
}

// uniform and its relatives describe parameters.
func uniform(name string, def, lo, hi float64) param {
	return param{name: name, kind: real, def: def, lo: lo, hi: hi}
}

func logUniform(name string, def, lo, hi float64) param {
	return param{name: name, kind: real, def: def, lo: lo, hi: hi, log: true}
}

func integers(name string, def, lo, hi float64) param {
	return param{name: name, kind: integer, def: def, lo: lo, hi: hi}
}

func logIntegers(name string, def, lo, hi float64) param {
	return param{name: name, kind: integer, def: def, lo: lo, hi: hi, log: true}
}

func oneOf(name, def string, choices ...string) param {
	return param{name: name, kind: choice, def: def, choices: choices}
}

func yesNo(name string, def bool) param { return param{name: name, kind: boolean, def: def} }

// searching restricts the choices that -tune tries.
func (p param) searching(choices ...string) param {
	p.search = choices
	return p
}

// refining leaves the parameter out of the first, coarse part of a search: it
// is costly, or its effect depends on the others.
func (p param) refining() param {
	p.late = true
	return p
}

// onlyIf says that the parameter has an effect for some values of another one, before it,
// alone.
func (p param) onlyIf(name string, values ...string) param {
	p.when = func(s settings) bool { return slices.Contains(values, s.text(name)) }
	return p
}

// doubling also tries twice the value in the best settings found so far.
func (p param) doubling() param {
	p.late, p.doubles = true, true
	return p
}

// byFit marks a parameter of which 0 means what the fit finds by itself, and says how to
// ask the model for it.
func (p param) byFit(said func(m recommend.Model) (float64, bool)) param {
	p.auto, p.said = true, said
	return p
}

// unsaid marks a parameter of which 0 means what the fit finds by itself, where the model
// does not say what it was: the answer is byItself, which makes the same model again.
func (p param) unsaid() param {
	p.auto = true
	return p
}

// byItself may stand for the 0 of such a parameter in files; in answers it does for
// what other settings left out, a part of a blend without weight, vectors without a share,
// and for what no model says.
const byItself = "default"

// optionsOf reads one option of a model that tells its options; 0 there is what no option says.
func optionsOf[O any](read func(o O) float64) func(m recommend.Model) (float64, bool) {
	return func(m recommend.Model) (float64, bool) {
		if t, ok := m.(interface{ Options() O }); ok {
			v := read(t.Options())
			return v, v != 0
		}
		return 0, false
	}
}

// effective returns settings with what a fit took by itself in place of each 0 that asked
// for it.
func effective(params []param, s settings, m recommend.Model) settings {
	out := maps.Clone(s)
	for _, p := range params {
		if !p.auto || s[p.name] != 0.0 && s[p.name] != byItself {
			continue
		}
		out[p.name] = byItself
		of := m
		if part, _, found := strings.Cut(p.name, "."); found {
			of = nil
			if b, ok := m.(interface {
				part(name string) recommend.Model
			}); ok {
				of = b.part(part)
			}
		}
		if of == nil || p.said == nil {
			continue
		}
		if v, ok := p.said(of); ok {
			out[p.name] = round(v)
			if p.kind == choice {
				out[p.name] = p.choices[int(v)]
			}
		}
	}
	return out
}

// check returns v as the parameter keeps it.
func (p param) check(v any) (any, error) {
	if p.auto && p.kind != choice && v == byItself {
		return 0.0, nil
	}
	switch p.kind {
	case choice:
		if s, ok := v.(string); ok && slices.Contains(p.choices, s) {
			return s, nil
		}
		return nil, fmt.Errorf("%s is %v, want one of %s", p.name, v, strings.Join(p.choices, ", "))
	case boolean:
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return nil, fmt.Errorf("%s is %v, want true or false", p.name, v)
	case integer:
		if f, ok := v.(float64); ok && f == math.Trunc(f) && math.Abs(f) < 1<<31 {
			return f, nil
		}
		return nil, fmt.Errorf("%s is %v, want an integer", p.name, v)
	}
	if f, ok := v.(float64); ok {
		return f, nil
	}
	return nil, fmt.Errorf("%s is %v, want a number", p.name, v)
}

// knob lets -tune turn the parameter: choices by their number, numbers short enough to be
// typed in again.
func (p param) knob() tune.Knob[settings] {
	k := tune.Knob[settings]{
		Name: p.name, Low: p.lo, High: p.hi, Log: p.log, Integer: p.kind != real, If: p.when, Late: p.late, Doubles: p.doubles,
		Get: func(s settings) float64 { return p.value(s[p.name]) },
		Set: func(s *settings, v float64) {
			out := maps.Clone(*s)
			out[p.name] = p.of(v)
			*s = out
		},
	}
	switch p.kind {
	case choice:
		k.Low, k.High = 0, float64(len(p.options())-1)
	case boolean:
		k.Low, k.High = 0, 1
	}
	return k
}

// value is what stands for a setting on its knob, NaN for what is left to the fit.
func (p param) value(v any) float64 {
	switch v := v.(type) {
	case string:
		if i := slices.Index(p.options(), v); i >= 0 {
			return float64(i)
		}
	case bool:
		if v {
			return 1
		}
		return 0
	case float64:
		if !p.auto || v != 0 {
			return v
		}
	}
	return math.NaN()
}

// of is the inverse of value.
func (p param) of(v float64) any {
	switch p.kind {
	case choice:
		return p.options()[int(v)]
	case boolean:
		return v == 1
	case integer:
		return v
	}
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	return v
}

// complete returns given on top of the defaults. Unknown names and values of
// the wrong type are errors that say what would be right.
func complete(params []param, given settings) (settings, error) {
	s := settings{}
	for _, p := range params {
		s[p.name] = p.def
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		i := slices.IndexFunc(params, func(p param) bool { return p.name == name })
		if i < 0 {
			var names []string
			for _, p := range params {
				names = append(names, p.name)
			}
			if len(names) == 0 {
				return nil, fmt.Errorf("unknown setting %q, there are none", name)
			}
			return nil, fmt.Errorf("unknown setting %q, want one of %s", name, strings.Join(names, ", "))
		}
		v, err := params[i].check(given[name])
		if err != nil {
			return nil, err
		}
		s[name] = v
	}
	return s, nil
}

// readSettings reads {"als": {"factors": 64}, …}.
func readSettings(path string, models []algorithm) (map[string]settings, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all map[string]settings
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("%s: want an object of objects, {\"als\": {\"factors\": 64}}: %w", path, err)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if known := names(models); !slices.Contains(known, name) {
			return nil, fmt.Errorf("%s: unknown algorithm %q, want one of %s", path, name, strings.Join(known, ", "))
		}
	}
	return all, nil
}

// String returns the settings as JSON with sorted names.
func (s settings) String() string {
	raw, err := json.Marshal(map[string]any(s))
	if err != nil {
		return err.Error()
	}
	return string(raw)
}
