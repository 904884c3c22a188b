package lifetime

// A Time is a length of time in one unit. The unit is the type: an age in weeks cannot be given
// where days are meant, and a model of weeks answers in weeks. A plain number in the source
// ("39") takes the unit that is asked for; [Convert] changes it.
type Time interface {
	Seconds | Hours | Days | Weeks | Months | Years
}

// The units.
type (
	Seconds float64 // seconds
	Hours   float64 // hours of 3,600 seconds
	Days    float64 // days of 24 hours
	Weeks   float64 // weeks of 7 days
	Months  float64 // twelfths of a year, 30.436875 days
	Years   float64 // mean years of the calendar, 365.2425 days
)

// Convert returns a length of time in another unit, by the lengths that the units state.
func Convert[To, From Time](t From) To {
	if unitOf[To]() == unitOf[From]() {
		return To(t)
	}
	return To(float64(t) * (secondsOf[From]() / secondsOf[To]()))
}

// unitOf numbers the units as frames store them.
func unitOf[T Time]() int {
	switch any(T(0)).(type) {
	case Seconds:
		return 1
	case Hours:
		return 2
	case Days:
		return 3
	case Weeks:
		return 4
	case Months:
		return 5
	}
	return 6
}

// secondsOf returns the length of a unit.
func secondsOf[T Time]() float64 {
	const day = 86400.
	return [...]float64{1: 1, 2: 3600, 3: day, 4: 7 * day, 5: 365.2425 / 12 * day, 6: 365.2425 * day}[unitOf[T]()]
}

// unitName names a unit for errors.
func unitName(unit int) string {
	if names := [...]string{1: "seconds", 2: "hours", 3: "days", 4: "weeks", 5: "months", 6: "years"}; unit > 0 && unit < len(names) {
		return names[unit]
	}
	return "no unit"
}
