package supplysql

import (
	"database/sql"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics/kpi"
	"github.com/aislekit/aisle/supply"

	_ "modernc.org/sqlite"
)

// order is a record of fulfilment; zero times have not happened.
type order struct {
	supply.Delivery
	carrier, category string
}

// ticket is a request of a customer and what it is about.
type ticket struct {
	supply.Ticket
	topic string
}

// sale is what was sold at one time, in minor units.
type sale struct {
	at                   time.Time
	orders, units, value int64
}

// data is what one source has told.
type data struct {
	asOf    time.Time
	orders  []order
	tickets []ticket
	sales   []sale
	returns []supply.Return
}

// cell is what reports are by.
type cell struct{ Region, Carrier, Category, Month string }

var dimensions = []struct {
	name, column string
	by           func(cell) cell
	key          func(cell) string
}{
	{"total", "''", func(cell) cell { return cell{} }, func(cell) string { return "" }},
	{"region", "region", func(c cell) cell { return cell{Region: c.Region} }, func(c cell) string { return c.Region }},
	{"carrier", "carrier", func(c cell) cell { return cell{Carrier: c.Carrier} }, func(c cell) string { return c.Carrier }},
	{"category", "category", func(c cell) cell { return cell{Category: c.Category} }, func(c cell) string { return c.Category }},
	{"month", "month", func(c cell) cell { return cell{Month: c.Month} }, func(c cell) string { return c.Month }},
}

// ms is a time as the tables hold it: NULL for one that has not happened.
func ms(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

func ok(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// tables writes the records, all of them and as they came, into a database in memory.
func tables(t testing.TB, d data) *sql.DB {
	t.Helper()
	if testkit.Race {
		t.Skip("SQLite in Go is slow under the race detector, and nothing here is concurrent")
	}
	db := must(sql.Open("sqlite", ":memory:"))
	db.SetMaxOpenConns(1) // every connection would have a memory of its own
	t.Cleanup(func() { ok(t, db.Close()) })
	for _, q := range []string{
		`CREATE TABLE o (region TEXT, carrier TEXT, category TEXT, month TEXT, placed INT, shipped INT, delivered INT, promised INT, cancelled INT, ordered INT, received INT, address INT, undamaged INT)`,
		`CREATE TABLE k (topic TEXT, opened INT, replied INT, resolved INT, reopened INT, contacts INT)`,
		`CREATE TABLE s (at INT, orders INT, units INT, value INT)`,
		`CREATE TABLE r (sold INT, at INT, orders INT, units INT, value INT, reason TEXT)`,
		`CREATE TABLE business (day INTEGER PRIMARY KEY, start INT, stop INT)`,
	} {
		must(db.Exec(q))
	}
	tx := must(db.Begin())
	for _, o := range d.orders {
		must(tx.Exec(`INSERT INTO o VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`, o.Region, o.carrier, o.category, o.Placed.Format("2006-01"),
			ms(o.Placed), ms(o.Shipped), ms(o.Delivered), ms(o.Promised), o.Cancelled, o.Ordered, o.Received, int(o.RightAddress), int(o.Undamaged)))
	}
	for _, k := range d.tickets {
		must(tx.Exec(`INSERT INTO k VALUES (?,?,?,?,?,?)`, k.topic, ms(k.Opened), ms(k.Replied), ms(k.Resolved), ms(k.Reopened), k.Contacts))
	}
	for _, s := range d.sales {
		must(tx.Exec(`INSERT INTO s VALUES (?,?,?,?)`, ms(s.at), s.orders, s.units, s.value))
	}
	for _, r := range d.returns {
		must(tx.Exec(`INSERT INTO r VALUES (?,?,?,?,?,?)`, ms(r.Sold), ms(r.At), r.Orders, r.Units, r.Value, r.Reason))
	}
	// Days of business, from nine to five in UTC.
	for day := d.asOf.AddDate(-6, 0, 0).Truncate(24 * time.Hour); day.Before(d.asOf); day = day.AddDate(0, 0, 1) {
		if w := day.Weekday(); w != time.Saturday && w != time.Sunday {
			must(tx.Exec(`INSERT INTO business VALUES (?,?,?)`, day.UnixMilli()/86_400_000, day.Add(9*time.Hour).UnixMilli(), day.Add(17*time.Hour).UnixMilli()))
		}
	}
	ok(t, tx.Commit())
	return db
}

// office is the clock of the table business.
func office(t testing.TB) *supply.Hours {
	h, err := supply.NewHours(supply.HoursOptions{Shifts: []supply.Shift{{From: 9 * time.Hour, To: 17 * time.Hour}}})
	ok(t, err)
	return h
}

// same compares a whole number, which is equal or wrong.
func same(t testing.TB, name string, got, want int64) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %d, SQL says %d", name, got, want)
	}
}

// ratio compares numerator, denominator and value.
func ratio(t testing.TB, name string, got supply.Ratio, num, den int64) {
	t.Helper()
	same(t, name+" numerator", int64(got.Num), num)
	same(t, name+" denominator", int64(got.Den), den)
	if v, err := got.Value(); (err == nil) != (den != 0) || den != 0 && math.Abs(v-float64(num)/float64(den)) > 1e-12 {
		t.Errorf("%s is %v", name, v)
	}
}

// stage compares durations with the cases (d, done) of a query: counts, mean and maximum of
// those that are over, and the quantiles of Kaplan and Meier.
func stage(t testing.TB, db *sql.DB, name string, got supply.Durations, cases string, args ...any) {
	t.Helper()
	var done, open int64
	var mean, longest sql.NullFloat64
	ok(t, db.QueryRow(`SELECT coalesce(sum(done),0), coalesce(sum(1-done),0), avg(CASE WHEN done THEN d END), max(CASE WHEN done THEN d END) FROM (`+cases+`)`, args...).Scan(&done, &open, &mean, &longest))
	same(t, name+" finished", got.Done, done)
	same(t, name+" open", got.Open, open)
	near := func(what string, got time.Duration, want sql.NullFloat64, tol float64) {
		t.Helper()
		if !want.Valid {
			if got != supply.Beyond {
				t.Errorf("%s %s is %v, SQL knows none", name, what, got)
			}
			return
		}
		if d := math.Abs(float64(got)/1e6 - want.Float64); d > tol*want.Float64+1e-6 {
			t.Errorf("%s %s is %v, SQL says %.3f ms", name, what, got, want.Float64)
		}
	}
	near("mean", got.Mean, mean, 1e-12)
	near("maximum", got.Max, longest, 0)
	for i, q := range []float64{.5, .9, .95} {
		var at sql.NullFloat64
		ok(t, db.QueryRow(`WITH c AS (`+cases+`), t AS (SELECT d, sum(done) ended, count(*) n FROM c GROUP BY d),
			risk AS (SELECT d, ended, sum(n) OVER (ORDER BY d DESC) n FROM t),
			alive AS (SELECT d, ended, sum(CASE WHEN ended = n THEN -1e300 ELSE ln(1 - 1.0*ended/n) END) OVER (ORDER BY d) s FROM risk)
			SELECT min(d) FROM alive WHERE ended > 0 AND exp(s) <= `+fmt.Sprint(1-q+1e-12), args...).Scan(&at))
		near(fmt.Sprintf("quantile %v", q), [...]time.Duration{got.P50, got.P90, got.P95}[i], at, .005)
	}
}

// fulfilment compares the report of all orders, and by region, carrier, category and month. It
// returns the number of orders refused and the total.
func fulfilment(t testing.TB, db *sql.DB, d data) (refused int64, total supply.FulfilmentResult) {
	t.Helper()
	opt := supply.FulfilmentOptions{AsOf: d.asOf}
	cube := must(kpi.NewCube(kpi.CubeOptions[cell, supply.Fulfilment]{
		Merge: (*supply.Fulfilment).Merge,
		New:   func() *supply.Fulfilment { return must(supply.NewFulfilment(opt)) },
	}))
	scratch := must(supply.NewFulfilment(opt))
	for _, o := range d.orders {
		if scratch.Add(o.Delivery) != nil {
			refused++
			continue
		}
		ok(t, must(cube.Cell(cell{o.Region, o.carrier, o.category, o.Placed.Format("2006-01")})).Add(o.Delivery))
	}
	const valid = ` placed <= :now AND coalesce(shipped, placed) BETWEEN placed AND :now AND coalesce(delivered, placed) BETWEEN placed AND :now
		AND (delivered IS NULL OR shipped IS NULL OR delivered >= shipped) AND coalesce(promised, placed) >= placed `
	now := sql.Named("now", d.asOf.UnixMilli())
	var n int64
	ok(t, db.QueryRow(`SELECT count(*) FROM o WHERE NOT (`+valid+`)`, now).Scan(&n))
	same(t, "refused", refused, n)
	for _, dim := range dimensions {
		rows := must(cube.RollUp(dim.by))
		ok(t, db.QueryRow(`SELECT count(DISTINCT `+dim.column+`) FROM o WHERE`+valid, now).Scan(&n))
		same(t, dim.name+": groups", int64(len(rows)), n)
		for _, row := range rows {
			name, r := dim.name+" "+dim.key(row.Key), must(row.State.Result())
			key := sql.Named("key", dim.key(row.Key))
			where := ` FROM o WHERE ` + dim.column + ` = :key AND` + valid
			live := where + `AND NOT cancelled `
			one := func(expr string) (n int64) {
				ok(t, db.QueryRow(`SELECT coalesce(sum(`+expr+`), 0)`+live, now, key).Scan(&n))
				return n
			}
			ok(t, db.QueryRow(`SELECT coalesce(sum(cancelled), 0)`+where, now, key).Scan(&n))
			same(t, name+" cancelled", r.Cancelled, n)
			same(t, name+" orders", r.Orders, one(`1`))
			same(t, name+" open", r.Open, one(`delivered IS NULL`))
			same(t, name+" overdue", r.Overdue, one(`delivered IS NULL AND promised < :now`))
			same(t, name+" without promise", r.NoPromise, one(`promised IS NULL`))
			const late = `(promised < coalesce(delivered, :now))`
			known := `(promised IS NOT NULL AND (delivered IS NOT NULL OR promised < :now))`
			ratio(t, name+" on time", r.OnTime, one(known+` AND NOT `+late), one(known))
			const judged, full = `(delivered IS NOT NULL AND ordered > 0)`, `(received >= ordered)`
			ratio(t, name+" in full", r.InFull, one(judged+` AND `+full), one(judged))
			ratio(t, name+" units", r.UnitFill, one(judged+`*min(received, ordered)`), one(judged+`*ordered`))
			// One criterion failed decides, one unknown leaves it open; what may still come is not judged.
			failed := `((` + known + ` AND ` + late + `) OR (` + judged + ` AND NOT ` + full + `))`
			passed := `(` + known + ` AND NOT ` + late + ` AND ` + judged + ` AND ` + full + `)`
			ratio(t, name+" OTIF", r.OTIF, one(passed), one(passed+` OR `+failed))
			failed = `(` + failed + ` OR (` + known + ` OR delivered IS NOT NULL) AND (address = 2 OR undamaged = 2))`
			passed += ` AND address = 1 AND undamaged = 1`
			ratio(t, name+" perfect", r.Perfect, one(passed), one(`(`+passed+`) OR `+failed))
			stage(t, db, name+" to ship", r.OrderToShip, `SELECT coalesce(shipped, :now) - placed d, shipped IS NOT NULL done`+live+`AND (shipped IS NOT NULL OR delivered IS NULL)`, now, key)
			stage(t, db, name+" transit", r.ShipToDeliver, `SELECT coalesce(delivered, :now) - shipped d, delivered IS NOT NULL done`+live+`AND shipped IS NOT NULL`, now, key)
			stage(t, db, name+" cycle", r.OrderToDelivery, `SELECT coalesce(delivered, :now) - placed d, delivered IS NOT NULL done`+live, now, key)
			if dim.name == "total" {
				total = r
			}
		}
	}
	return refused, total
}

// service compares the report of tickets, by the plain clock and by the one of the table business,
// all together and by topic, and of what was sold and came back.
func service(t testing.TB, db *sql.DB, d data) (total supply.ServiceResult) {
	t.Helper()
	plain := `(:to - :from)`
	worked := `(SELECT coalesce(sum(max(0, min(stop, :to) - max(start, :from))), 0) FROM business WHERE day BETWEEN :from/86400000 AND :to/86400000)`
	for _, c := range []struct {
		name, took string
		hours      *supply.Hours
	}{{"plain", plain, nil}, {"office", worked, office(t)}} {
		opt := supply.ServiceOptions{AsOf: d.asOf, Hours: c.hours}
		cube := must(kpi.NewCube(kpi.CubeOptions[string, supply.Service]{
			Merge: (*supply.Service).Merge,
			New:   func() *supply.Service { return must(supply.NewService(opt)) },
		}))
		for _, k := range d.tickets {
			ok(t, must(cube.Cell(k.topic)).AddTicket(k.Ticket))
		}
		took := func(from, to string) string { return replace(c.took, from, to) }
		now := sql.Named("now", d.asOf.UnixMilli())
		for _, dim := range []string{"topic", "''"} {
			for _, row := range must(cube.RollUp(func(k string) string {
				if dim == "topic" {
					return k
				}
				return ""
			})) {
				r := must(row.State.Result())
				name, key := c.name+" "+row.Key, sql.Named("key", row.Key)
				from := ` FROM k WHERE ` + dim + ` = :key `
				one := func(expr string) (n int64) {
					ok(t, db.QueryRow(`SELECT coalesce(sum(`+expr+`), 0)`+from, now, key).Scan(&n))
					return n
				}
				same(t, name+" tickets", r.Tickets, one(`1`))
				same(t, name+" backlog", r.Backlog, one(`resolved IS NULL`))
				ratio(t, name+" resolved", r.Resolved, one(`resolved IS NOT NULL`), one(`1`))
				ratio(t, name+" reopened", r.Reopened, one(`reopened IS NOT NULL`), one(`resolved IS NOT NULL`))
				const week = `7*86400000`
				const judged = `(resolved IS NOT NULL AND contacts > 0 AND :now - resolved >= ` + week + `)`
				ratio(t, name+" first contact", r.FirstContact, one(judged+` AND contacts = 1 AND coalesce(reopened - resolved > `+week+`, 1)`), one(judged))
				reply := took("opened", "coalesce(replied, :now)")
				stage(t, db, name+" reply", r.FirstResponse, `SELECT `+reply+` d, replied IS NOT NULL done`+from+`AND (replied IS NOT NULL OR resolved IS NULL)`, now, key)
				stage(t, db, name+" solution", r.Resolution, `SELECT `+took("opened", "coalesce(resolved, :now)")+` d, resolved IS NOT NULL done`+from, now, key)
				age := took("opened", ":now")
				stage(t, db, name+" backlog", r.BacklogAge, `SELECT `+age+` d, 1 done`+from+`AND resolved IS NULL`, now, key)
				for i, end := range []string{"1", "3", "7", "30", "1e9"} {
					low := [...]string{"-1", "1", "3", "7", "30"}[i]
					same(t, name+" aged "+end, r.AgedBacklog[i], one(`resolved IS NULL AND `+age+` > `+low+`*86400000 AND `+age+` <= `+end+`*86400000`))
				}
				if dim != "topic" && c.name == "plain" {
					total = r
				}
			}
		}
	}
	return total
}

// replace writes the ends of an interval into an expression.
func replace(expr, from, to string) string {
	out := ""
	for i := 0; i < len(expr); {
		switch {
		case len(expr)-i >= 5 && expr[i:i+5] == ":from":
			out, i = out+"("+from+")", i+5
		case len(expr)-i >= 3 && expr[i:i+3] == ":to":
			out, i = out+"("+to+")", i+3
		default:
			out, i = out+expr[i:i+1], i+1
		}
	}
	return out
}

// returned compares what came back: sums by reason, and the share expected within thirty days.
func returned(t testing.TB, db *sql.DB, d data) supply.ServiceResult {
	t.Helper()
	s := must(supply.NewService(supply.ServiceOptions{AsOf: d.asOf}))
	for _, x := range d.sales {
		ok(t, s.AddSoldAt(x.at, x.orders, x.units, x.value))
	}
	for _, x := range d.returns {
		ok(t, s.AddReturn(x))
	}
	r, err := s.Result()
	if len(d.sales) == 0 {
		if !errors.Is(err, supply.ErrEmpty) {
			t.Errorf("no sales: %v", err)
		}
		return r
	}
	ok(t, err)
	expected := []float64{r.ExpectedByOrder, r.ExpectedByUnit, r.ExpectedByValue}
	for i, figure := range []string{"orders", "units", "value"} {
		var sold, back int64
		ok(t, db.QueryRow(`SELECT coalesce(sum(`+figure+`), 0) FROM s`).Scan(&sold), db.QueryRow(`SELECT coalesce(sum(`+figure+`), 0) FROM r`).Scan(&back))
		ratio(t, "returns by "+figure, []supply.Ratio{r.ReturnsByOrder, r.ReturnsByUnit, r.ReturnsByValue}[i], back, sold)
		// By day since the sale: of all that was watched through the day and had not come back before it.
		rows := must(db.Query(`WITH RECURSIVE day(d) AS (SELECT 0 UNION ALL SELECT d+1 FROM day WHERE d < 29),
			x AS (SELECT (:now-at)/86400000 age, `+figure+` n FROM s),
			y AS (SELECT (:now-sold)/86400000 age, (at-sold)/86400000 after, `+figure+` n FROM r)
			SELECT (SELECT coalesce(sum(n), 0) FROM x WHERE age > d) - (SELECT coalesce(sum(n), 0) FROM y WHERE age > d AND after < d),
				(SELECT coalesce(sum(n), 0) FROM y WHERE age > d AND after = d) FROM day ORDER BY d`, sql.Named("now", d.asOf.UnixMilli())))
		alive := 1.0
		for rows.Next() {
			var risk, ended float64
			ok(t, rows.Scan(&risk, &ended))
			alive *= 1 - ended/risk
		}
		ok(t, rows.Err(), rows.Close())
		if math.Abs(expected[i]-(1-alive)) > 1e-12 {
			t.Errorf("expected returns by %s are %v, SQL says %v", figure, expected[i], 1-alive)
		}
	}
	for _, x := range r.Reasons {
		var orders, units, value int64
		ok(t, db.QueryRow(`SELECT sum(orders), sum(units), sum(value) FROM r WHERE reason = ?`, x.Name).Scan(&orders, &units, &value))
		same(t, x.Name+" orders", x.Orders, orders)
		same(t, x.Name+" units", x.Units, units)
		same(t, x.Name+" value", x.Value, value)
	}
	return r
}
