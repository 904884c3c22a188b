module github.com/aislekit/aisle/examples

go 1.24.0

require github.com/aislekit/aisle v0.0.0

replace github.com/aislekit/aisle => ../
