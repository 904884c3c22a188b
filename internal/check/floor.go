package check

// MinAudience is the number of people below which nothing about a group of them is
// published, if nothing else is asked for.
const MinAudience = 50

// Floor returns the floor that a field MinAudience means: 0 is the default, −1 none, which
// is 1. Whoever takes it from options requires n >= -1.
func Floor(n int) int64 {
	switch {
	case n == 0:
		return MinAudience
	case n < 0:
		return 1
	}
	return int64(n)
}

// Few reports whether n people are some, but fewer than the floor.
func Few[N int | int64](n, floor N) bool { return n > 0 && n < floor }

// Withhold says which rows of a table of disjoint groups are not to be published: those
// of which a count is Few, and the next larger ones, until no count of all withheld rows
// together is, so that totals less the rows that are left do not tell it. Each entry of
// counts is a column, one count a row; size, the order of withholding, is the first.
func Withhold(floor int64, counts ...[]int64) []bool {
	out := make([]bool, len(counts[0]))
	sums := make([]int64, len(counts))
	withhold := func(i int) {
		out[i] = true
		for j, c := range counts {
			sums[j] += c[i]
		}
	}
	for i := range out {
		for _, c := range counts {
			if Few(c[i], floor) && !out[i] {
				withhold(i)
			}
		}
	}
	for {
		told := false
		for _, s := range sums {
			told = told || Few(s, floor)
		}
		next := -1
		for i, n := range counts[0] {
			if told && !out[i] && n > 0 && (next < 0 || n < counts[0][next]) {
				next = i
			}
		}
		if next < 0 {
			return out
		}
		withhold(next)
	}
}
