package tree

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
)

// jsonText is a document in JSON, with the NaN and Infinity that XGBoost writes besides.
type jsonText struct {
	data  []byte
	at    int
	depth int
}

var _ document = (*jsonText)(nil)

// peek skips white space and returns the next byte, 0 at the end.
func (j *jsonText) peek() byte {
	for ; j.at < len(j.data); j.at++ {
		switch c := j.data[j.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// take consumes c, or says what stands there instead.
func (j *jsonText) take(c byte) error {
	if got := j.peek(); got != c {
		return corrupt(j.at, "want %q", c)
	}
	j.at++
	return nil
}

// sequence reads what stands between two brackets, parted by commas.
func (j *jsonText) sequence(first, last byte, item func(i int) error) error {
	if err := j.take(first); err != nil {
		return err
	}
	if j.depth++; j.depth > maxDepth {
		return corrupt(j.at, "nested deeper than %d", maxDepth)
	}
	defer func() { j.depth-- }()
	if j.peek() == last {
		j.at++
		return nil
	}
	for i := 0; ; i++ {
		if err := item(i); err != nil {
			return err
		}
		if j.peek() == last {
			j.at++
			return nil
		}
		if err := j.take(','); err != nil {
			return err
		}
	}
}

// object reads keys and lets field read what follows each colon.
func (j *jsonText) object(field func(key string) error) error {
	seen := map[string]bool{}
	return j.sequence('{', '}', func(int) error {
		key, err := j.text()
		if err != nil {
			return err
		}
		if seen[key] {
			return keyed(key, corrupt(j.at, "the field comes twice"))
		}
		seen[key] = true
		if err := j.take(':'); err != nil {
			return err
		}
		return keyed(key, field(key))
	})
}

func (j *jsonText) array(item func(i int) error) error { return j.sequence('[', ']', item) }

// word returns the bytes of a number or a literal.
func (j *jsonText) word() []byte {
	j.peek()
	from := j.at
	for ; j.at < len(j.data); j.at++ {
		switch c := j.data[j.at]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '+', c == '.':
		default:
			return j.data[from:j.at]
		}
	}
	return j.data[from:]
}

// number32 reads a float32, rounded once, as XGBoost's own reader does.
func (j *jsonText) number32() (float32, error) {
	from := j.at
	w := j.word()
	switch string(w) {
	case "NaN":
		return float32(math.NaN()), nil
	case "Infinity":
		return float32(math.Inf(1)), nil
	case "-Infinity":
		return float32(math.Inf(-1)), nil
	}
	if len(w) == 0 || w[0] != '-' && (w[0] < '0' || w[0] > '9') {
		return 0, corrupt(from, "want a number")
	}
	x, err := strconv.ParseFloat(string(w), 32)
	if err != nil {
		return 0, corrupt(from, "want a number that float32 holds")
	}
	return float32(x), nil
}

func (j *jsonText) float32s() ([]float32, error) {
	var xs []float32
	err := j.array(func(int) error {
		x, err := j.number32()
		xs = append(xs, x)
		return err
	})
	return xs, err
}

// int32s reads whole numbers, and the booleans that early versions wrote for directions.
func (j *jsonText) int32s() ([]int32, error) {
	var xs []int32
	err := j.array(func(int) error {
		from := j.at
		w := j.word()
		switch string(w) {
		case "true":
			xs = append(xs, 1)
			return nil
		case "false":
			xs = append(xs, 0)
			return nil
		}
		x, err := strconv.ParseInt(string(w), 10, 32)
		if err != nil {
			return corrupt(from, "want a whole number that int32 holds")
		}
		xs = append(xs, int32(x))
		return nil
	})
	return xs, err
}

// quoted finds the closing quote and returns what ends with it; escapes are checked by encoding/json.
func (j *jsonText) quoted() ([]byte, error) {
	if err := j.take('"'); err != nil {
		return nil, err
	}
	from, plain := j.at-1, true
	for ; j.at < len(j.data); j.at++ {
		switch j.data[j.at] {
		case '\\':
			plain = false
			j.at++
		case '"':
			j.at++
			raw := j.data[from:j.at]
			if !plain && !json.Valid(raw) {
				return nil, corrupt(from, "string with a bad escape")
			}
			return raw, nil
		}
	}
	return nil, corrupt(from, "string without end")
}

func (j *jsonText) text() (s string, err error) {
	from := j.at
	raw, err := j.quoted()
	switch {
	case err != nil:
		return "", err
	case len(raw) > maxText+2:
		return "", corrupt(from, "string of more than %d bytes", maxText)
	case bytes.IndexByte(raw, '\\') < 0:
		return string(raw[1 : len(raw)-1]), nil
	}
	err = json.Unmarshal(raw, &s)
	return s, err
}

// skip reads a value of any size and forgets it; what is no JSON is an error there, too.
func (j *jsonText) skip() error {
	switch j.peek() {
	case '{':
		return j.object(func(string) error { return j.skip() })
	case '[':
		return j.array(func(int) error { return j.skip() })
	case '"':
		_, err := j.quoted()
		return err
	}
	from := j.at
	switch w := j.word(); string(w) {
	case "true", "false", "null", "NaN", "Infinity", "-Infinity":
		return nil
	default:
		if _, err := strconv.ParseFloat(string(w), 64); err != nil {
			return corrupt(from, "want a value")
		}
		return nil
	}
}

func (j *jsonText) end() error {
	if j.peek() != 0 || j.at < len(j.data) {
		return corrupt(j.at, "bytes behind the model")
	}
	return nil
}
