package survive

// RiskSets counts cases by period: how many had lasted until each of the periods 1, 2, …, up to the longest, and how
// many ended in it. Case i was watched for lasted[i] >= 1 periods, and ended in the last of them or is
// open. No case is blown up to a row a period.
func RiskSets(lasted []int, ended []bool) (risk, died []int64) {
	longest := 0
	for _, t := range lasted {
		longest = max(longest, t)
	}
	risk, died = make([]int64, longest), make([]int64, longest)
	for i, t := range lasted {
		risk[t-1]++
		if ended[i] {
			died[t-1]++
		}
	}
	for t := longest - 2; t >= 0; t-- {
		risk[t] += risk[t+1]
	}
	return risk, died
}
