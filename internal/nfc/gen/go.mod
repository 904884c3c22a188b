module github.com/aislekit/aisle/internal/nfc/gen

go 1.24.0

require golang.org/x/text v0.30.0
