package main

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aislekit/aisle/profile/clean"
)

// errMalformed is what every malformed line wraps.
var errMalformed = errors.New("malformed line")

// maxLine bounds a line of the file, so that a binary file cannot fill memory.
const maxLine = 1 << 20

// retailRow is one line of the file, values read.
type retailRow struct {
	invoice, code, title string
	quantity             int64
	at                   time.Time
	milli                int64 // unit price in thousandths of a pound
	customer, country    string
}

// scanLines calls f with each line of a file and its number, decompressing where
// the first bytes say so.
func scanLines(path string, f func(number int64, line string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 1<<16)
	if head, _ := in.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		in = bufio.NewReaderSize(z, 1<<16)
	}
	var buf []byte
	for number := int64(1); ; number++ {
		buf = buf[:0]
		var more error
		for {
			var chunk []byte
			chunk, more = in.ReadSlice('\n')
			if buf = append(buf, chunk...); len(buf) > maxLine {
				return fmt.Errorf("%s: line %d is longer than %d bytes: %w", path, number, maxLine, errMalformed)
			}
			if more != bufio.ErrBufferFull {
				break
			}
		}
		if more != nil && more != io.EOF {
			return fmt.Errorf("%s: line %d: %w", path, number, more)
		}
		if more == io.EOF && len(buf) == 0 {
			return nil
		}
		if err := f(number, strings.TrimRight(string(buf), "\r\n")); err != nil {
			return err
		}
		if more == io.EOF {
			return nil
		}
	}
}

// splitCSV splits one line at commas that are not within quotes, appending to
// dst. A quoted field may hold commas and doubled quotes, but no line break.
func splitCSV(dst []string, line string) ([]string, error) {
	for {
		if !strings.HasPrefix(line, `"`) {
			i := strings.IndexByte(line, ',')
			if i < 0 {
				return append(dst, line), nil
			}
			dst, line = append(dst, line[:i]), line[i+1:]
			continue
		}
		var field strings.Builder
		rest := line[1:]
		for {
			i := strings.IndexByte(rest, '"')
			if i < 0 {
				return dst, fmt.Errorf("quote is not closed: %w", errMalformed)
			}
			field.WriteString(rest[:i])
			if rest = rest[i+1:]; !strings.HasPrefix(rest, `"`) {
				break
			}
			field.WriteByte('"')
			rest = rest[1:]
		}
		dst = append(dst, field.String())
		if rest == "" {
			return dst, nil
		}
		if rest[0] != ',' {
			return dst, fmt.Errorf("text after a closing quote: %w", errMalformed)
		}
		line = rest[1:]
	}
}

var retailColumns = []string{"InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"}

// retailReader turns lines into rows.
type retailReader struct {
	column []int // place of each of retailColumns
	fields []string
	parser *clean.Parser
}

func (r *retailReader) header(line string) error {
	names, err := splitCSV(nil, strings.TrimPrefix(line, "\ufeff"))
	if err != nil {
		return err
	}
	for _, want := range retailColumns {
		k := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(strings.TrimSpace(n), want) })
		if k < 0 {
			return fmt.Errorf("no column %s in the header: %w", want, errMalformed)
		}
		r.column = append(r.column, k)
	}
	return nil
}

// row reads one line; an error names what is wrong with it and wraps errMalformed.
func (r *retailReader) row(line string) (retailRow, error) {
	var err error
	if r.fields, err = splitCSV(r.fields[:0], line); err != nil {
		return retailRow{}, err
	}
	get := func(k int) string {
		if c := r.column[k]; c < len(r.fields) {
			return strings.TrimSpace(r.fields[c])
		}
		return ""
	}
	if len(r.fields) != len(retailColumns) {
		return retailRow{}, fmt.Errorf("%d fields, want %d: %w", len(r.fields), len(retailColumns), errMalformed)
	}
	row := retailRow{invoice: get(0), code: get(1), title: get(2), customer: get(6), country: get(7)}
	if row.invoice == "" || row.code == "" {
		return row, fmt.Errorf("no invoice or stock code: %w", errMalformed)
	}
	quantity, err1 := r.parser.Int("Quantity", get(3))
	at, err2 := r.parser.Time("InvoiceDate", get(4))
	price, err3 := r.parser.Money("UnitPrice", get(5))
	if err := cmp.Or(err1, err2, err3); err != nil {
		return row, fmt.Errorf("%w: %w", errMalformed, err)
	}
	if quantity > 1e9 || quantity < -1e9 || price.Minor > 1e9 || price.Minor < -1e9 { // so that no product or sum overflows
		return row, fmt.Errorf("quantity or price is out of reason: %w", errMalformed)
	}
	row.quantity, row.at, row.milli = quantity, at, price.Minor
	return row, nil
}
