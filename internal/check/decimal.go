package check

// Decimal reports whether s is a number in decimal as data writes it: a sign or none, digits with
// at most one point among or around them, and an exponent or none. strconv.ParseFloat also
// reads "0x1p3", "inf", "nan" and "1_000", which in data are something else.
func Decimal(s string) bool {
	s = unsigned(s)
	whole := digits(s)
	rest, frac := s[whole:], 0
	if rest != "" && rest[0] == '.' {
		frac = digits(rest[1:])
		rest = rest[1+frac:]
	}
	if whole+frac == 0 {
		return false
	}
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		rest = unsigned(rest[1:])
		n := digits(rest)
		return n > 0 && n == len(rest)
	}
	return rest == ""
}

// unsigned is s without a sign.
func unsigned(s string) string {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		return s[1:]
	}
	return s
}

// digits counts those that s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
