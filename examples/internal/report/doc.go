// Package report writes one report twice: as text for a terminal and as a
// self-contained web page with plots as inline SVG.
//
// A Page is plain values. It is meant for readers who know their shop but no
// statistics: every Section begins with what it means and what to do, numbers
// follow, and words of the trade are explained where they first occur. The page
// loads nothing from elsewhere, follows the reader's light or dark setting, and
// reads on a phone. Whatever comes from data is escaped.
package report
