// Package supplysql compares the reports of package supply with what SQL says of the same
// records: every count and sum of money is equal, every ratio and mean to twelve digits, every
// quantile within the half percent that supply.Durations promises.
//
// It has tests only: over internal/shop always, over public data where they are at hand.
package supplysql
