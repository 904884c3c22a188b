package vec

// Rows returns n rows of d zeros that share one array; none can grow into the
// next.
func Rows(n, d int) [][]float64 {
	flat := make([]float64, n*d)
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = flat[i*d : (i+1)*d : (i+1)*d]
	}
	return rows
}
