package fm

import "github.com/aislekit/aisle/internal/vec"

// Sum is what the score of some features needs of them.
type Sum struct {
	V    []float32 // s = Σ z·v
	Own  float32   // Σ z²·|v|²: the products of each with itself, which are no pairs
	Bias float32   // Σ z·w
}

// Reset begins a sum of no features.
func (s *Sum) Reset() {
	clear(s.V)
	s.Own, s.Bias = 0, 0
}

// Start begins a sum with a feature of value 1.
func (s *Sum) Start(v []float32, w float32) {
	copy(s.V, v)
	s.Own, s.Bias = vec.Dot(v, v), w
}

// Add adds a feature of value z.
func (s *Sum) Add(v []float32, w, z float32) {
	vec.Axpy(z, v, s.V)
	s.Own += float32(z * z * vec.Dot(v, v))
	s.Bias += float32(z * w)
}

// Alone is the score without |s|²/2. Those of parts add up, and so do their vectors: the
// score of the whole takes |s|²/2 of the vector of the whole.
func (s *Sum) Alone() float32 { return s.Bias - s.Own/2 }

// Score is the score of the features, without w₀.
func (s *Sum) Score() float32 { return s.Alone() + vec.Dot(s.V, s.V)/2 }

// Step is a step of plain descent by the same slope for each feature of a sample.
type Step struct {
	Along []float32 // the derivative of the score by z·v, without the vector itself where Own is
	Rate  float32   // times minus the slope of the loss
	Keep  float32   // what the penalty leaves of a vector and a weight
	Own   bool      // Along holds the vector itself, which is taken out; the weight moves too
}

// Take moves the vector and the weight of a feature of value z.
func (s *Step) Take(v []float32, w *float32, z float32) {
	a, keep := float32(s.Rate*z), s.Keep
	if s.Own {
		keep -= float32(a * z)
	}
	vec.Scale(keep, v)
	vec.Axpy(a, s.Along, v)
	if s.Own {
		*w = float32(s.Keep**w) + a
	}
}
