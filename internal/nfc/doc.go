// Package nfc brings text into the normal form C of Unicode (UAX 15), so that "é" as one
// rune and as two are the same text. Its tables come from golang.org/x/text by the
// generator in gen; the library itself has no dependency on that.
package nfc
