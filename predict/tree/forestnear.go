package tree

// nearRows is how many rows a node has at most, drawn or out of bag, for which the bins of its rows are brought together.
const nearRows = 2048

// nearColumns bounds the memory of a worker to two megabytes.
const nearColumns = 1024

// near holds the bins of the rows of one node, so that all below it find them in the nearest cache: each step down there would look
// for the rows anew in columns that hold all of them. Rows are numbered from 0 meanwhile.
type near struct {
	may   bool    // columns are few, and looked at so often that fetching them pays
	on    bool    // within such a node
	rows  []int32 // as they were numbered
	mark  int     // tasks that were left when it was entered
	out   []int32 // its rows out of bag
	known []bool  // columns that were fetched
	bins  []uint8 // nearRows a column
}

// approach enters the node of a task that was taken, where it is small enough, and leaves the one before when that is done.
func (b *bagger) approach(k task) {
	s := &b.near
	if s.on {
		if len(b.tasks) >= s.mark {
			return
		}
		b.leave()
	}
	if !s.may || k.hi-k.lo+k.outHi-k.outLo > nearRows {
		return
	}
	s.on, s.mark, s.out, s.rows = true, len(b.tasks), b.out[k.outLo:k.outHi], s.rows[:0]
	number := func(row *int32) {
		s.rows = append(s.rows, *row)
		*row = int32(len(s.rows) - 1)
	}
	if b.counted {
		for i := range b.ticks[k.lo:k.hi] {
			number(&b.ticks[k.lo+i].row)
		}
	} else {
		for i := range b.bag[k.lo:k.hi] {
			number(&b.bag[k.lo+i].row)
		}
	}
	for i := range s.out {
		number(&s.out[i])
	}
	if s.known == nil {
		s.known, s.bins = make([]bool, b.f.l.d), make([]uint8, nearRows*b.f.l.d)
	}
	clear(s.known)
}

// leave numbers the rows out of bag as before; those that were drawn are not needed any more.
func (b *bagger) leave() {
	s := &b.near
	for i, row := range s.out {
		s.out[i] = s.rows[row]
	}
	s.on = false
}

// code returns the bins of column j, by row.
func (b *bagger) code(j int) []uint8 {
	s := &b.near
	if !s.on {
		return b.f.bins.code[j]
	}
	out := s.bins[j*nearRows:][:len(s.rows)]
	if !s.known[j] {
		s.known[j] = true
		from := b.f.bins.code[j]
		for i, row := range s.rows {
			out[i] = from[row]
		}
	}
	return out
}

// origin is the number of a row in the lesson.
func (b *bagger) origin(row int32) int32 {
	if !b.near.on {
		return row
	}
	return b.near.rows[row]
}
