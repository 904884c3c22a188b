package vec

import "testing"

func TestRows(t *testing.T) {
	rows := Rows(3, 2)
	if len(rows) != 3 || len(rows[2]) != 2 || len(Rows(0, 5)) != 0 || len(Rows(2, 0)[1]) != 0 {
		t.Fatalf("%v", rows)
	}
	if grown := append(rows[0], 9); rows[1][0] == 9 || &rows[0][0] == &grown[0] {
		t.Error("a row grows into the next")
	}
}
