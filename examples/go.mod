module github.com/aislekit/aisle/examples

go 1.24.0

require github.com/aislekit/aisle v0.0.0

require (
	github.com/kelindar/bitmap v1.5.3 // indirect
	github.com/kelindar/simd v1.1.2 // indirect
	github.com/klauspost/cpuid/v2 v2.2.4 // indirect
	golang.org/x/exp v0.0.0-20260112195511-716be5621a96 // indirect
	golang.org/x/sys v0.0.0-20220704084225-05e143d24a9e // indirect
	gonum.org/v1/gonum v0.17.0 // indirect
)

replace github.com/aislekit/aisle => ../
