// Package geo knows places on the earth, in degrees: their geohash and how far they are apart.
package geo
